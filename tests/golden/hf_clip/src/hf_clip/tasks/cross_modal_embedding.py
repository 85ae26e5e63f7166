"""Texts and images in, their vectors in one space out (task `cross-modal-embedding`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._runtime.tasks.encoded import Encoded
from .._runtime.tasks.images import encode_images
from .._runtime.tasks.shared_space import Media, decode, encode_shared

__all__ = ["decode", "encode"]

GREY = np.full((64, 64, 3), 127, np.uint8)
"""Placeholder for an image where an input has none."""


def encode(
    items: list[Any],
    processor: Any,
    config: Any,
    facts: Mapping[str, Any],
    rows_pad: bool,
    tokenizer_kwargs: Mapping[str, Any] | None = None,
) -> list[Encoded]:
    """Preprocess texts and images; an item has one or two of them."""

    def features(images: list[Any]) -> Mapping[str, Any]:
        return encode_images(images, processor.image_processor).inputs

    media = Media("images", features, GREY)
    return encode_shared(items, processor, config, media, facts, rows_pad, tokenizer_kwargs)
