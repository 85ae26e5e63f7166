"""Audio in, a vector for each frame of it out (task `audio-feature-extraction`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.tasks.audio import audio_features
from hf_skillset_runtime.tasks.encoded import Encoded


def encode(
    audios: list[Any], feature_extractor: Any, config: Any, facts: Mapping[str, Any]
) -> list[Encoded]:
    """Load and resample each audio clip, and compute the model's features."""
    alone = facts.get("one_at_a_time", False)
    batches = [[clip] for clip in audios] if alone else [audios]
    return [Encoded(model_inputs(batch, feature_extractor, config, facts)) for batch in batches]


def model_inputs(
    audios: list[Any], feature_extractor: Any, config: Any, facts: Mapping[str, Any]
) -> dict[str, Any]:
    """The features of audio clips, by input name of the model."""
    names = facts.get("input_names", {})
    options = {"return_attention_mask": True} if "attention_mask" in names else {}
    features = audio_features(audios, feature_extractor, names, **options)
    if "whole_groups_of" in facts:
        missing = -features["input_features"].shape[1] % getattr(config, facts["whole_groups_of"])
        features = {name: with_frames(value, missing) for name, value in features.items()}
    return {names.get(name, name): value for name, value in features.items()}


def with_frames(values: np.ndarray, count: int) -> np.ndarray:
    """Features or their mask (audio clips, frames, ...) with `count` empty frames at the end."""
    return np.pad(values, [(0, 0), (0, count)] + [(0, 0)] * (values.ndim - 2))


def decode(
    outputs: list[Mapping[str, np.ndarray]],
    encoded: list[Encoded],
    feature_extractor: Any,
    config: Any,
) -> list[list[Any]]:
    """Per audio clip the (1, frames, hidden) states of the encoder: the model's first output."""
    features = [next(iter(call.values())) for call in outputs]
    batches = [states[None] if states.ndim == 2 else states for states in features]
    return [[states.tolist()] for batch in batches for states in batch]
