"""Texts and audio in, their vectors in one space out (task `cross-modal-embedding`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.tasks.audio import audio_features
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.shared_space import Media, decode, encode_shared

__all__ = ["decode", "encode"]


def encode(
    items: list[Any],
    processor: Any,
    config: Any,
    facts: Mapping[str, Any],
    rows_pad: bool,
    tokenizer_kwargs: Mapping[str, Any] | None = None,
) -> list[Encoded]:
    """Preprocess texts and audio clips; an item has one or two of them."""
    extractor = processor.feature_extractor

    def features(clips: list[Any]) -> Mapping[str, Any]:
        return audio_features(clips, extractor)

    second_of_silence = np.zeros(extractor.sampling_rate, np.float32)
    media = Media("audio", features, second_of_silence)
    return encode_shared(items, processor, config, media, facts, rows_pad, tokenizer_kwargs)
