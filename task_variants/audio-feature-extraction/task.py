"""A recording in, a vector for each frame of it out (task `audio-feature-extraction`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from . import Encoded
from .recordings import audio_features


def encode(recordings: list[Any], feature_extractor: Any, config: Any) -> Encoded:
    """Load, resample and turn each recording into the model's features."""
    return Encoded(audio_features(recordings, feature_extractor))


def decode(
    outputs: Mapping[str, np.ndarray], encoded: Encoded, feature_extractor: Any, config: Any
) -> list[list[Any]]:
    """Per recording the (1, frames, hidden) states of the encoder: the model's first output."""
    return [[states.tolist()] for states in next(iter(outputs.values()))]
