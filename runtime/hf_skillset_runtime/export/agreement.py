"""The error of a graph's results compared with torch."""

from __future__ import annotations

from typing import Any


def largest_error(actual: Any, expected: Any) -> float:
    """Largest difference of the floats in two results.

    Relative to the output's largest magnitude if that is above 1; infinite for other shapes.
    """
    from transformers.exporters.utils import get_leaf_tensors

    ours, errors = get_leaf_tensors(actual), [0.0]
    for name, theirs in get_leaf_tensors(expected).items():
        if name in ours and theirs.is_floating_point():
            if ours[name].shape != theirs.shape:
                return float("inf")
            finite = theirs.isfinite()
            distance = (ours[name] - theirs)[finite].abs()
            scale = theirs[finite].abs()
            errors += [float(distance.max() / scale.max().clamp(min=1))] if finite.any() else []
    return max(errors)
