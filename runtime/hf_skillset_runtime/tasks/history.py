"""Past values of series as a window of fixed length."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..media.series import as_series


def past_windows(items: list[Any], length: int, channels: int) -> tuple[np.ndarray, np.ndarray]:
    """The last `length` values of each series (float32) and a mask of the observed ones.

    Both are (series, length, channels). A shorter series is padded on the left; padding and NaN
    are 0 and not observed.

    Raises:
        ValueError: a series does not have the model's number of channels.
    """
    windows = np.zeros((len(items), length, channels), np.float32)
    observed = np.zeros_like(windows)
    for row, item in enumerate(items):
        series = as_series(item)
        values = series[-length:].reshape(-1, series.shape[1] if series.ndim == 2 else 1)
        if values.shape[1] != channels:
            raise ValueError(f"this model requires {channels} channels, got {values.shape[1]}")
        seen = ~np.isnan(values)
        windows[row, length - len(values) :] = np.where(seen, values, 0)
        observed[row, length - len(values) :] = seen
    return windows, observed


def patch_inputs(items: list[Any], config: Any, facts: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """The past window (series, length, channels), float32, of a patch-based model, by input name.

    With the mask of the observed values, of equal shape, if the model accepts one.
    """
    values, observed = past_windows(items, config.context_length, config.num_input_channels)
    if facts.get("takes_no_mask"):
        return {"past_values": values}
    return {"past_values": values, "past_observed_mask": observed.astype(bool)}
