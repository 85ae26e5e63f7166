"""The past of a series in, samples of its future out (task `time-series-forecasting`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.history import past_windows


def encode(items: list[Any], processor: Any, config: Any, seed: int = 0) -> Encoded:
    """The context window of the model with lags, padded on the left and masked."""
    return Encoded(lagged_inputs(items, config), seed=seed)


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
    """Per series its `forecast` (steps,), the mean of its `samples` (samples, steps)."""
    samples = outputs["sequences"]
    return [{"forecast": row.mean(axis=0).tolist(), "samples": row.tolist()} for row in samples]
