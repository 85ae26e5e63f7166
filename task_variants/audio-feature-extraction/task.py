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


PACKED = ("qwen3_asr_encoder",)
"""Encoders that give the frames of all recordings in one row: they get one at a time."""
WHOLE_GROUPS = ("nemotron3_5_transcribe_audio",)
"""Encoders that take the frames in groups and do not fill up the last one."""


def encode(recordings: list[Any], feature_extractor: Any, config: Any) -> list[Encoded]:
    """Load, resample and turn each recording into the model's features."""
    alone = config.model_type in PACKED
    batches = [[recording] for recording in recordings] if alone else [recordings]
    return [Encoded(model_inputs(batch, feature_extractor, config)) for batch in batches]


def model_inputs(recordings: list[Any], feature_extractor: Any, config: Any) -> dict[str, Any]:
    """The features of recordings by the model's names."""
    names = INPUT_NAMES.get(config.model_type, {})
    options = {"return_attention_mask": True} if "attention_mask" in names else {}
    features = audio_features(recordings, feature_extractor, names, **options)
    if config.model_type in WHOLE_GROUPS:
        missing = -features["input_features"].shape[1] % config.subsampling_factor
        features = {name: with_frames(value, missing) for name, value in features.items()}
    return {names.get(name, name): value for name, value in features.items()}


def with_frames(values: np.ndarray, count: int) -> np.ndarray:
    """Features or their mask (recordings, frames, ...) with `count` empty frames at the end."""
    return np.pad(values, [(0, 0), (0, count)] + [(0, 0)] * (values.ndim - 2))


def decode(
    outputs: list[Mapping[str, np.ndarray]],
    encoded: list[Encoded],
    feature_extractor: Any,
    config: Any,
) -> list[list[Any]]:
    """Per recording the (1, frames, hidden) states of the encoder: the model's first output."""
    found = [next(iter(call.values())) for call in outputs]
    batches = [states[None] if states.ndim == 2 else states for states in found]
    return [[states.tolist()] for batch in batches for states in batch]
