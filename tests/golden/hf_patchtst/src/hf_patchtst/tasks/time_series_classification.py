"""A series in, labels with scores out (task `time-series-classification`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._runtime.tasks.encoded import Encoded
from .._runtime.tasks.history import patch_inputs
from .._runtime.tasks.scores import softmax


def encode(items: list[Any], processor: Any, config: Any, facts: Mapping[str, Any]) -> Encoded:
    """The input window of the model, padded on the left."""
    return Encoded(patch_inputs(items, config, facts))


def decode(
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    processor: Any,
    config: Any,
    top_k: int | None = None,
) -> list[list[dict[str, Any]]]:
    """The `top_k` labels of each series (all if None), best first."""
    name = "prediction_logits" if "prediction_logits" in outputs else "prediction_outputs"
    return [best_labels(scores, config, top_k) for scores in softmax(outputs[name])]


def best_labels(scores: np.ndarray, config: Any, top_k: int | None) -> list[dict[str, Any]]:
    """`{"label", "score"}`; a label without a name in the checkpoint is `LABEL_<index>`."""
    order = np.argsort(-scores, kind="stable")[:top_k].tolist()
    return [
        {"label": config.id2label.get(i, f"LABEL_{i}"), "score": float(scores[i])} for i in order
    ]
