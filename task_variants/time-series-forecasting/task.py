"""The past of a series in, its future out (task `time-series-forecasting`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.history import past_windows


def encode(items: list[Any], processor: Any, config: Any, facts: Mapping[str, Any]) -> Encoded:
    """The context window of the model, padded on the left and masked."""
    values, observed = past_windows(items, config.context_length, config.num_input_channels)
    mask = facts.get("mask", "past_observed_mask")
    return Encoded({"past_values": values, mask: observed.astype(bool)})


def decode(
    outputs: Mapping[str, np.ndarray], encoded: Encoded, processor: Any, config: Any
) -> list[dict[str, Any]]:
    """Per series its `forecast`: (steps,), or (steps, channels) if it has several."""
    return [{"forecast": one_channel(row).tolist()} for row in outputs["prediction_outputs"]]


def one_channel(steps: np.ndarray) -> np.ndarray:
    """(steps, 1) as (steps,); several channels are unchanged."""
    return steps[:, 0] if steps.shape[1] == 1 else steps
