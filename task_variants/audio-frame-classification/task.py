"""Audio in, labels for each frame of it out (task `audio-frame-classification`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.tasks.audio import audio_features
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.scores import sigmoid


def encode(audios: list[Any], feature_extractor: Any, config: Any) -> Encoded:
    """Load and resample each audio clip, and compute the model's features."""
    return Encoded(audio_features(audios, feature_extractor))


def decode(
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    feature_extractor: Any,
    config: Any,
    threshold: float = 0.5,
) -> list[dict[str, Any]]:
    """Per audio clip `probabilities` (frames, labels) and each frame's `labels` above `threshold`.

    A frame may have several labels, such as two speakers at the same time.
    """
    return [
        {"probabilities": rows.tolist(), "labels": [names(row, config, threshold) for row in rows]}
        for rows in sigmoid(outputs["logits"])
    ]


def names(probabilities: np.ndarray, config: Any, threshold: float) -> list[str]:
    """The labels of one frame; `LABEL_<index>` if the configuration has no names."""
    active = np.flatnonzero(probabilities > threshold)
    return [config.id2label.get(int(i), f"LABEL_{i}") for i in active]
