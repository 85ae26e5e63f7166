"""A series in, one or more floats out (task `time-series-regression`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._runtime.tasks.encoded import Encoded
from .._runtime.tasks.history import patch_inputs


def encode(items: list[Any], processor: Any, config: Any, facts: Mapping[str, Any]) -> Encoded:
    """The input window of the model, padded on the left."""
    return Encoded(patch_inputs(items, config, facts))


def decode(
    outputs: Mapping[str, np.ndarray], encoded: Encoded, processor: Any, config: Any
) -> list[dict[str, list[float]]]:
    """Per series `{"values"}`: the predicted numbers."""
    return [{"values": row.tolist()} for row in outputs["regression_outputs"]]
