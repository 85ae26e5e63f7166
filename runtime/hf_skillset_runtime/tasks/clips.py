"""Short videos for models that take videos where others take images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .videos import sample_frames

CLIP_FRAMES = 4
"""InstructBlipVideoProcessor puts four frames' tokens into every prompt; no setting says so."""


def load_clip(video: Any) -> np.ndarray:
    """The frames of a video that such a processor makes room for in the prompt."""
    return sample_frames(video, CLIP_FRAMES)


def encode_clips(
    text: str,
    media: Mapping[str, list[Any]],
    processor: Any,
    processor_kwargs: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The model's inputs for a text with its videos; the processor adds the placeholders."""
    clips = [load_clip(video) for video in media.get("videos", ())] or None
    return dict(processor(text=text, images=clips, return_tensors="pt", **(processor_kwargs or {})))
