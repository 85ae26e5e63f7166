"""Audio in, labels with scores out (task `audio-classification`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.tasks.audio import audio_features
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.scores import class_scores, labelled


def encode(audios: list[Any], feature_extractor: Any, config: Any) -> Encoded:
    """Load and resample each audio clip, and compute the model's features."""
    return Encoded(audio_features(audios, feature_extractor))


def decode(
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    feature_extractor: Any,
    config: Any,
    top_k: int | None = None,
    function_to_apply: str | None = None,
) -> list[list[dict[str, Any]]]:
    """The `top_k` labels of each audio clip (all if None), best first.

    Unlike for texts and images, a model with a single label applies softmax.
    """
    if function_to_apply is None and config.problem_type is None:
        function_to_apply = "softmax"
    return [
        labelled(class_scores(logits, config, function_to_apply), config, top_k)
        for logits in outputs["logits"]
    ]
