"""Texts and videos in, their vectors in one space out (task `cross-modal-embedding`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.shared_space import Media, decode, encode_shared
from hf_skillset_runtime.tasks.videos import clip_features

__all__ = ["decode", "encode"]

GREY = np.full((8, 64, 64, 3), 127, np.uint8)
"""Placeholder for a video where an input has none."""


def encode(
    items: list[Any],
    processor: Any,
    config: Any,
    facts: Mapping[str, Any],
    rows_pad: bool,
    tokenizer_kwargs: Mapping[str, Any] | None = None,
) -> list[Encoded]:
    """Preprocess texts and videos; an item has one or two of them."""

    def features(videos: list[Any]) -> Mapping[str, Any]:
        return clip_features(videos, processor, config)

    media = Media("videos", features, GREY)
    return encode_shared(items, processor, config, media, facts, rows_pad, tokenizer_kwargs)
