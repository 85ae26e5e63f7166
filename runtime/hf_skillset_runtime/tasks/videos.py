"""Videos on their way into a model."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..media.video import load_video
from .encoded import Encoded


def frames_wanted(config: Any) -> int | None:
    """How many frames of a video a model takes; None where it takes any number."""
    return getattr(config, "num_frames", getattr(config, "frames_per_clip", None))


def sample_frames(video: Any, num_frames: int | None) -> np.ndarray:
    """A video with `num_frames` of its frames, evenly spread; all of them if None."""
    frames = load_video(video)
    if num_frames is None:
        return frames
    spread: np.ndarray = np.linspace(0, len(frames) - 1, num_frames).round().astype(int)
    chosen: np.ndarray = frames[spread]
    return chosen


def load(value: Any, processor: Any) -> np.ndarray:
    """The RGB frames (frames, height, width, 3), uint8; every processor takes them as they are."""
    return load_video(value)


def chat_part(frames: np.ndarray, processor: Any) -> dict[str, Any]:
    """A video as a part of a chat's message."""
    return {"type": "video", "video": frames}


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
