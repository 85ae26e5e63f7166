"""The error of a graph's results compared with torch."""

from __future__ import annotations

from typing import Any


def largest_error(actual: Any, expected: Any) -> float:
    """Largest difference of the floating point tensors in two results of a module.

    Relative to the tensor's largest magnitude if that is above 1; elements that are not finite in
    `expected` are omitted. Infinite if a tensor has another shape.
    """
    from transformers.exporters.utils import get_leaf_tensors

    result, errors = get_leaf_tensors(actual), [0.0]
    for name, reference in get_leaf_tensors(expected).items():
        if name in result and reference.is_floating_point():
            if result[name].shape != reference.shape:
                return float("inf")
            finite = reference.isfinite()
            distance = (result[name] - reference)[finite].abs()
            scale = reference[finite].abs()
            errors += [float(distance.max() / scale.max().clamp(min=1))] if finite.any() else []
    return max(errors)
