# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""What a model gives before anything is decided from it: how close two platforms are there.

A text, a mask or a box is decoded by a maximum or a threshold, and differs where numbers
that agree lie on either side of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..endpoint import EndpointHandler


def smallest_gap(reference: EndpointHandler, items: list[Any]) -> float:
    """How close the second token came to the one chosen on CPU, in logits, in any step."""
    import torch

    spec, model = reference.spec, reference.endpoint
    parameters, _ = spec.parameters(spec.sample_params)
    gaps = []
    for item in items:
        encoded = spec.module.encode([item], reference.processor, model.config, **parameters)
        for part in encoded if isinstance(encoded, list) else [encoded]:
            options = {**part.generate_kwargs, "output_logits": True}
            inputs = {name: torch.as_tensor(value) for name, value in part.inputs.items()}
            steps = model.generate(**inputs, **options, return_dict_in_generate=True).logits
            best = torch.stack(steps).topk(2).values
            gaps.append(float((best[..., 0] - best[..., 1]).min()))
    return min(gaps)


def outputs_cosine(handler: EndpointHandler, reference: EndpointHandler, items: list[Any]) -> float:
    """The lowest cosine similarity of an output to the same one on CPU; each item runs alone."""
    similarities = []
    for item in items:
        for ours, theirs in zip(outputs_for(handler, item), outputs_for(reference, item)):
            found = dict(numbers(ours))
            for name, output in numbers(theirs):
                same = name in found and found[name].shape == output.shape
                similarities.append(array_cosine(found[name], output) if same else 0.0)
    return min(similarities, default=0.0)


def outputs_for(handler: EndpointHandler, item: Any) -> list[Mapping[str, Any]]:
    """What the model gives for one item, before anything is decoded from it."""
    spec, config = handler.spec, handler.platform.config(handler.endpoint)
    parameters, _ = spec.parameters(spec.sample_params)
    encoded = spec.module.encode([item], handler.processor, config, **parameters)
    parts = encoded if isinstance(encoded, list) else [encoded]
    return [handler.platform.run(handler.endpoint, spec, part) for part in parts]


def numbers(value: Any, name: str = "outputs") -> Iterator[tuple[str, Any]]:
    """The arrays of floats among outputs, by their path."""
    import numpy as np

    if isinstance(value, Mapping):
        for key in value:
            yield from numbers(value[key], f"{name}.{key}")
    elif isinstance(value, (tuple, list)):
        for i, item in enumerate(value):
            yield from numbers(item, f"{name}.{i}")
    elif hasattr(value, "dtype") and np.asarray(value).dtype.kind == "f":
        yield name, np.asarray(value, dtype=np.float64)


def array_cosine(one: Any, other: Any) -> float:
    """Cosine similarity of two arrays; 1 where both are zero."""
    return cosine(list(zip(one.ravel().tolist(), other.ravel().tolist())))


def cosine(pairs: list[tuple[float, float]]) -> float:
    """Cosine similarity of the two sides; 1 where both are empty or zero."""
    product = sum(one * other for one, other in pairs)
    lengths = math.hypot(*(one for one, _ in pairs)), math.hypot(*(other for _, other in pairs))
    if not any(lengths):
        return 1.0
    return product / (lengths[0] * lengths[1]) if all(lengths) else 0.0
