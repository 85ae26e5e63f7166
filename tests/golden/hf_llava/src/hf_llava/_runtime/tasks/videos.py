# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""Videos on their way into a model."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..media.video import load_video
from .encoded import Encoded

CLIP_FRAMES = 4
"""InstructBlipVideoProcessor puts four frames' tokens into every prompt; no setting says so."""


def frames_wanted(config: Any) -> int | None:
    """How many frames of a video a model takes; None where it takes any number."""
    return getattr(config, "num_frames", getattr(config, "frames_per_clip", None))


def sample_frames(video: Any, num_frames: int | None) -> np.ndarray:
    """A video with `num_frames` of its frames, evenly spread; all of them if None."""
    frames = load_video(video)
    if num_frames is None:
        return frames
    return frames[np.linspace(0, len(frames) - 1, num_frames).round().astype(int)]


def takes_clips(processor: Any) -> bool:
    """Whether a processor made of parts takes videos where others take pictures."""
    return hasattr(processor, "video_processor") and not hasattr(processor, "image_processor")


def load_clip(video: Any) -> np.ndarray:
    """The frames of a video that such a processor makes room for in the prompt."""
    return sample_frames(video, CLIP_FRAMES)


def encode_videos(
    videos: list[Any], video_processor: Any, config: Any, num_frames: int | None, every: int = 1
) -> Encoded:
    """Load and preprocess videos: of `every` nth frame `num_frames` (default: the model's)."""
    loaded = [load_video(video)[::every] for video in videos]
    inputs = video_processor(
        loaded,
        num_frames=num_frames or frames_wanted(config),
        do_sample_frames=True,
        return_tensors="pt",
    )
    return Encoded(dict(inputs))
