"""Latent vectors of another network: one input is a two-dimensional array."""

from __future__ import annotations

from typing import Any

import numpy as np


def is_batch(inputs: Any) -> bool:
    """Whether a list is a batch and not a single input (a list of rows of numbers)."""
    if not isinstance(inputs, list):
        return False
    return not inputs or np.ndim(inputs[0]) != 1
