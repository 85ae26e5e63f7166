"""A recording in, a vector for each frame of it out (task `audio-feature-extraction`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from . import Encoded
from .recordings import audio_features

MASK = {"attention_mask": "input_features_mask"}
INPUT_NAMES = {
    "audioflamingo3_encoder": MASK,
    "fun_asr_nano_encoder": MASK,
    "gemma3n_audio": {"input_features": "audio_mel", "input_features_mask": "audio_mel_mask"},
    "nemotron3_5_transcribe_audio": MASK,
    "qwen3_asr_encoder": MASK,
    "vibevoice_acoustic_tokenizer_encoder": {"input_values": "hidden_states"},
}
"""The inputs of encoders that name them otherwise than the extractors they share."""


def encode(recordings: list[Any], feature_extractor: Any, config: Any) -> Encoded:
    """Load, resample and turn each recording into the model's features."""
    names = INPUT_NAMES.get(config.model_type, {})
    options = {"return_attention_mask": True} if "attention_mask" in names else {}
    features = audio_features(recordings, feature_extractor, names, **options)
    return Encoded({names.get(name, name): value for name, value in features.items()})


def decode(
    outputs: Mapping[str, np.ndarray], encoded: Encoded, feature_extractor: Any, config: Any
) -> list[list[Any]]:
    """Per recording the (1, frames, hidden) states of the encoder: the model's first output."""
    return [[states.tolist()] for states in next(iter(outputs.values()))]
