"""The past of a series in, its future out (task `time-series-forecasting`).

There are three kinds of models: decoders that draw samples step by step (they have lagged
inputs), models of patches that map a fixed window to the future, and models that take a
series of any length.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._runtime.media.series import as_series
from .._runtime.tasks.encoded import Encoded
from .._runtime.tasks.history import past_windows


def encode(
    items: list[Any], processor: Any, config: Any, facts: Mapping[str, Any], seed: int = 0
) -> Encoded:
    """The window that the model looks back on, padded on the left and masked."""
    if hasattr(config, "lags_sequence"):
        return Encoded(lagged_inputs(items, config), seed=seed)
    if not hasattr(config, "prediction_length"):
        return Encoded({"past_values": [univariate(item) for item in items]})
    values, observed = past_windows(items, config.context_length, config.num_input_channels)
    mask = facts.get("mask", "past_observed_mask")
    return Encoded({"past_values": values, mask: observed.astype(bool)})


def univariate(item: Any) -> np.ndarray:
    """A series (time,).

    Raises:
        ValueError: the series has several channels.
    """
    series = as_series(item)
    if series.ndim != 1:
        raise ValueError(f"the model takes one channel, got a series of shape {series.shape}")
    return series


def lagged_inputs(items: list[Any], config: Any) -> dict[str, np.ndarray]:
    """Values, mask and time features; the time features are the (logarithmic) age of each step."""
    length = config.context_length + max(config.lags_sequence)
    values, observed = past_windows(items, length, config.input_size)
    if config.input_size == 1:
        values, observed = values[..., 0], observed[..., 0]
    width = config.num_time_features + config.num_dynamic_real_features
    age = np.log10(2.0 + np.arange(length + config.prediction_length, dtype=np.float32))
    ages = np.tile(age[None, :, None], (len(items), 1, width))
    inputs = {
        "past_values": values,
        "past_observed_mask": observed,
        "past_time_features": ages[:, :length],
        "future_time_features": ages[:, length:],
    }
    if config.num_static_categorical_features:
        shape = (len(items), config.num_static_categorical_features)
        inputs["static_categorical_features"] = np.zeros(shape, np.int64)
    if config.num_static_real_features:
        shape = (len(items), config.num_static_real_features)
        inputs["static_real_features"] = np.zeros(shape, np.float32)
    return inputs


def decode(
    outputs: Mapping[str, np.ndarray], encoded: Encoded, processor: Any, config: Any
) -> list[dict[str, Any]]:
    """Per series its `forecast`: (steps,), or (steps, channels) where it has several.

    A model that draws samples adds `samples` (samples, steps), one with quantiles
    `quantiles`: a dict from the quantile to its (steps,).
    """
    if "sequences" in outputs:
        samples = outputs["sequences"]
        return [{"forecast": row.mean(axis=0).tolist(), "samples": row.tolist()} for row in samples]
    if "full_predictions" in outputs:
        return [with_quantiles(row, config) for row in outputs["full_predictions"]]
    return [{"forecast": one_channel(row).tolist()} for row in outputs["prediction_outputs"]]


def with_quantiles(predictions: np.ndarray, config: Any) -> dict[str, Any]:
    """The mean and the quantiles of (steps, 1 + quantiles)."""
    quantiles = {str(q): predictions[:, i].tolist() for i, q in enumerate(config.quantiles, 1)}
    return {"forecast": predictions[:, 0].tolist(), "quantiles": quantiles}


def one_channel(steps: np.ndarray) -> np.ndarray:
    """(steps, 1) as (steps,); several channels stay."""
    return steps[:, 0] if steps.shape[1] == 1 else steps
