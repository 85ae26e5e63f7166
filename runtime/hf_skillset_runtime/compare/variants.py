"""Random variants of a sample's model inputs, with the same shapes."""

from __future__ import annotations

import dataclasses
from typing import Any

from ..tasks.encoded import Encoded

LAYOUT = ("mask", "type_ids", "grid", "size", "position", "offset", "index", "count", "is_")
"""Substrings of the names of inputs that describe the layout of other inputs; not changed."""


def variant(part: Encoded, seed: int) -> Encoded:
    """A variant of `part` with the same shapes; deterministic for a `seed`.

    Floats are reversed, mixed with noise of their own standard deviation and scaled. The tokens of
    a text are permuted, except the first and the last, if no input is a float array.
    """
    import numpy as np

    generator = np.random.default_rng(seed)
    alone = not any(np.asarray(value).dtype.kind == "f" for value in part.inputs.values())
    changed = {
        name: altered(name, value, alone, generator)
        for name, value in part.inputs.items()
        if not any(word in name for word in LAYOUT)
    }
    return dataclasses.replace(part, inputs={**part.inputs, **changed})


def altered(name: str, value: Any, alone: bool, generator: Any) -> Any:
    """A variant, of equal shape and dtype, of one array of floats or token ids."""
    import numpy as np

    array = np.asarray(value)
    if array.dtype.kind == "f" and array.size > 1:
        axis = int(np.argmax(array.shape))
        turned = np.flip(array, axis) if generator.random() < 0.5 else array
        noise = generator.standard_normal(array.shape) * float(array.std())
        mixed = generator.uniform(0.5, 1.0) * turned + generator.uniform(0.1, 0.4) * noise
        return like(value, mixed.astype(array.dtype))
    if alone and array.dtype.kind in "iu" and array.ndim == 2 and array.shape[1] > 3:
        inner = generator.permuted(array[:, 1:-1], axis=1)
        return like(value, np.concatenate([array[:, :1], inner, array[:, -1:]], axis=1))
    return value


def like(value: Any, array: Any) -> Any:
    """The array converted to the type of `value` (tensor or array)."""
    if hasattr(value, "numpy"):
        import torch

        return torch.as_tensor(array)
    return array
