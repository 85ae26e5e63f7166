"""The past of a series of any length in, its future out (task `time-series-forecasting`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.media.series import as_series
from hf_skillset_runtime.tasks.encoded import Encoded


def encode(items: list[Any], processor: Any, config: Any) -> Encoded:
    """The series, unchanged."""
    return Encoded({"past_values": [univariate(item) for item in items]})


def univariate(item: Any) -> np.ndarray:
    """A series (time,).

    Raises:
        ValueError: the series has several channels, or values are missing.
    """
    series = as_series(item)
    if series.ndim != 1:
        raise ValueError(f"this model requires one channel, got a series of shape {series.shape}")
    if np.isnan(series).any():
        raise ValueError(
            "the series has values that were not observed (None or NaN), which this model cannot"
            " take: fill them in, for example by interpolation"
        )
    return series


def decode(
    outputs: Mapping[str, np.ndarray], encoded: Encoded, processor: Any, config: Any
) -> list[dict[str, Any]]:
    """Per series its `forecast` (steps,) and `quantiles`: from each quantile to its (steps,)."""
    return [with_quantiles(row, config) for row in outputs["full_predictions"]]


def with_quantiles(predictions: np.ndarray, config: Any) -> dict[str, Any]:
    """The mean and the quantiles of (steps, 1 + quantiles)."""
    quantiles = {str(q): predictions[:, i].tolist() for i, q in enumerate(config.quantiles, 1)}
    return {"forecast": predictions[:, 0].tolist(), "quantiles": quantiles}
