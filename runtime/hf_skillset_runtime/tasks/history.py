"""The past of series as a model's fixed window."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..media.series import as_series


def past_windows(items: list[Any], length: int, channels: int) -> tuple[np.ndarray, np.ndarray]:
    """The last `length` values of each series and which of them were observed.

    Both are (series, length, channels). A shorter series is padded on the left; what is
    padded or NaN is 0 and not observed.

    Raises:
        ValueError: a series does not have the model's number of channels.
    """
    windows = np.zeros((len(items), length, channels), np.float32)
    observed = np.zeros_like(windows)
    for row, item in enumerate(items):
        series = as_series(item)
        values = series[-length:].reshape(-1, series.shape[1] if series.ndim == 2 else 1)
        if values.shape[1] != channels:
            raise ValueError(f"the model takes {channels} channels, got {values.shape[1]}")
        seen = ~np.isnan(values)
        windows[row, length - len(values) :] = np.where(seen, values, 0)
        observed[row, length - len(values) :] = seen
    return windows, observed


def patch_inputs(items: list[Any], config: Any, facts: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """The window of a model of patches that sums up a series, with its mask if it takes one."""
    values, observed = past_windows(items, config.context_length, config.num_input_channels)
    if facts.get("takes_no_mask"):
        return {"past_values": values}
    return {"past_values": values, "past_observed_mask": observed.astype(bool)}
