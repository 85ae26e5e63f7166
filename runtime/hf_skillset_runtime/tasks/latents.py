"""Vectors that another network made: one input is a table of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np


def is_batch(inputs: Any) -> bool:
    """A list is a batch, unless it is one table: a list of rows of numbers."""
    if not isinstance(inputs, list):
        return False
    return not inputs or np.ndim(inputs[0]) != 1
