"""Short videos for models whose image input is a video."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .videos import sample_frames

CLIP_FRAMES = 4
"""InstructBlipVideoProcessor inserts the tokens of four frames; this is not configurable."""


def load_clip(video: Any) -> np.ndarray:
    """The frames of a video that the processor inserts tokens for."""
    return sample_frames(video, CLIP_FRAMES)


def encode_clips(
    text: str,
    media: Mapping[str, list[Any]],
    processor: Any,
    processor_kwargs: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The model's inputs for a text with its videos; the processor inserts the placeholders."""
    clips = [load_clip(video) for video in media.get("videos", ())] or None
    return dict(processor(text=text, images=clips, return_tensors="pt", **(processor_kwargs or {})))
