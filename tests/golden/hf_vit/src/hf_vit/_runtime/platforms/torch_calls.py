# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Calls of transformers models: inputs to the device, outputs to numpy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..calls.seeded import drawn_from
from ..tasks.encoded import Encoded
from ..tasks.generation_defaults import with_defaults
from ..tasks.spec import TaskSpec


def run_model(model: Any, spec: TaskSpec, encoded: Encoded) -> dict[str, Any]:
    """Run a transformers model on one encoded batch.

    Returns:
        Its outputs by name as numpy arrays, floats as float32; caches are omitted.
    """
    import torch

    inputs = inputs_for(model, encoded)
    # not inference_mode: its tensors cannot be traced for export
    with torch.no_grad(), drawn_from(encoded.seed):
        if spec.run == "forward":
            outputs = model(**inputs)
        else:
            outputs = getattr(model, spec.run)(**inputs, **options_of(model, spec, encoded))
    named = outputs if isinstance(outputs, Mapping) else {"sequences": outputs}
    arrays = {name: to_numpy(value, torch) for name, value in named.items()}
    return {name: value for name, value in arrays.items() if value is not None}


def inputs_for(model: Any, encoded: Encoded) -> dict[str, Any]:
    """The inputs as tensors on the model's device, floats in its dtype."""
    import torch

    if encoded.place is not None:
        encoded.place(model.device, model.dtype)
    return {
        name: to_device(value, model.device, model.dtype, torch)
        for name, value in encoded.inputs.items()
    }


def options_of(model: Any, spec: TaskSpec, encoded: Encoded) -> dict[str, Any]:
    """The options of the method to call; of `generate` with the task's defaults."""
    if spec.run != "generate":
        return dict(encoded.generate_kwargs)
    checkpoint = getattr(model, "generation_config", None)
    return with_defaults(encoded.generate_kwargs, spec.generation_defaults, checkpoint)


def streams(model: Any, spec: TaskSpec, encoded: Encoded) -> bool:
    """Whether a model generates a single sequence for this call, token by token."""
    if spec.run != "generate" or not hasattr(model, "generation_config"):
        return False
    given = options_of(model, spec, encoded)
    defaults = given.get("generation_config") or model.generation_config
    several = ("num_beams", "num_return_sequences")
    return all((given.get(name) or getattr(defaults, name, None) or 1) == 1 for name in several)


def to_device(value: Any, device: Any, dtype: Any, torch: Any) -> Any:
    """`value` with each array in it as a tensor on `device`; floats are converted to `dtype`."""
    if isinstance(value, (list, tuple)):
        return type(value)(to_device(item, device, dtype, torch) for item in value)
    if not hasattr(value, "shape"):
        return value
    tensor = torch.as_tensor(value)
    return tensor.to(device, dtype if tensor.is_floating_point() else tensor.dtype)


def to_numpy(value: Any, torch: Any) -> Any:
    """`value` with each tensor as an array on the host (floats as float32); None for caches."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        return (value.float() if value.is_floating_point() else value).numpy()
    if isinstance(value, (list, tuple)):
        return tuple(to_numpy(item, torch) for item in value)
    return None
