"""The tasks of this package, one module for each: `encode` and `decode`.

`encode(items, processor, config, **parameters)` turns a batch of inputs into the model's named
tensors, `decode(outputs, encoded, processor, config, **parameters)` turns the model's outputs into
one result per input. Neither knows where the model runs.
"""
