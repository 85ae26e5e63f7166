"""How far the results of a graph are from those of torch."""

from __future__ import annotations

from typing import Any


def largest_error(found: Any, expected: Any) -> float:
    """Largest difference of two results' floats.

    A fraction of the output's largest number where that is above 1.
    """
    from transformers.exporters.utils import get_leaf_tensors

    ours, errors = get_leaf_tensors(found), [0.0]
    for name, theirs in get_leaf_tensors(expected).items():
        if name in ours and theirs.is_floating_point():
            finite = theirs.isfinite()
            distance = (ours[name] - theirs)[finite].abs()
            scale = theirs[finite].abs()
            errors += [float(distance.max() / scale.max().clamp(min=1))] if finite.any() else []
    return max(errors)
