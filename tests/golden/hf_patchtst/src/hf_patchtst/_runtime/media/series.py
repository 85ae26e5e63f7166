# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Series inputs: numbers over time, as a list, an array or a pandas object."""

from __future__ import annotations

from typing import Any

import numpy as np


def as_series(value: Any) -> np.ndarray:
    """A float32 array (time,), or (time, channels) where several quantities are measured.

    Args:
        value: a list of numbers, an array, or a pandas Series or DataFrame. NaN or None
            marks a value that was not observed.

    Raises:
        TypeError: `value` is none of these.
        ValueError: it is empty, has more than two dimensions, or holds an infinite value.
    """
    if hasattr(value, "to_numpy"):
        value = value.to_numpy()
    if not isinstance(value, (list, tuple, np.ndarray)):
        raise TypeError(
            "expected a series (list of numbers, array, or pandas Series or DataFrame), got "
            + type(value).__name__
        )
    try:
        if np.iscomplexobj(value):
            raise TypeError("a complex number is none of them")
        with np.errstate(over="ignore"):  # what is too large is refused below
            series = np.asarray(without_none(value), np.float32)
    except (TypeError, ValueError, OverflowError) as error:
        raise TypeError(f"expected a series of numbers: {error}") from error
    if series.ndim not in (1, 2) or not series.size:
        raise ValueError(
            "expected a series (time,) or (time, channels) of at least one value, got "
            f"{series.shape}"
        )
    if np.isinf(series).any():
        raise ValueError(
            "the series holds a value that is infinite in float32; give finite numbers, and NaN"
            " or None where a value was not observed"
        )
    return series


def as_finite(value: Any) -> np.ndarray:
    """The same of a series of which every value is known.

    Raises:
        TypeError, ValueError: as `as_series` says, or a value is NaN or None.
    """
    series = as_series(value)
    if np.isnan(series).any():
        raise ValueError("expected numbers alone; a value is NaN or None: give a number for it")
    return series


def without_none(value: Any) -> Any:
    """A nested list with NaN in place of None; anything else unchanged."""
    if isinstance(value, (list, tuple)):
        return [without_none(item) for item in value]
    return np.nan if value is None else value


def fit_width(rows: Any, width: int) -> np.ndarray:
    """Rows of numbers as float32 (rows, width), each repeated or cut to `width`.

    Raises:
        TypeError, ValueError: they are not rows of finite numbers.
    """
    table = as_finite(rows)
    table = table[:, None] if table.ndim == 1 else table
    return np.stack([np.resize(row, width) for row in table])
