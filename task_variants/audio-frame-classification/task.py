"""Audio in, labels for each frame of it out (task `audio-frame-classification`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.tasks.audio import audio_features
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.scores import sigmoid


def encode(audios: list[Any], feature_extractor: Any, config: Any) -> Encoded:
    """Load, resample and turn each audio clip into the model's features."""
    return Encoded(audio_features(audios, feature_extractor))


def decode(
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    feature_extractor: Any,
    config: Any,
    threshold: float = 0.5,
) -> list[dict[str, Any]]:
    """Per audio clip `probabilities` (frames, labels) and each frame's `labels` above `threshold`.

    Several labels may hold at once: two people speak at the same time.
    """
    return [
        {"probabilities": rows.tolist(), "labels": [names(row, config, threshold) for row in rows]}
        for rows in sigmoid(outputs["logits"])
    ]


def names(probabilities: np.ndarray, config: Any, threshold: float) -> list[str]:
    """The labels of one frame; speakers have none in the configuration but their number."""
    found = np.flatnonzero(probabilities > threshold)
    return [config.id2label.get(int(i), f"LABEL_{i}") for i in found]
