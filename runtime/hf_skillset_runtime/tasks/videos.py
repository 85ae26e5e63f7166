"""Loading, sampling and preprocessing of videos."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..media.video import load_video
from .encoded import Encoded


def frames_wanted(config: Any) -> int | None:
    """The number of frames that a model requires; None if it accepts any number."""
    return getattr(config, "num_frames", getattr(config, "frames_per_clip", None))


def sample_frames(video: Any, num_frames: int | None) -> np.ndarray:
    """`num_frames` evenly spaced frames (all if None): (frames, height, width, 3), uint8.

    Raises:
        TypeError, ValueError: `video` is not a video; see `load_video`.
    """
    frames = load_video(video)
    if num_frames is None:
        return frames
    spread: np.ndarray = np.linspace(0, len(frames) - 1, num_frames).round().astype(int)
    chosen: np.ndarray = frames[spread]
    return chosen


def load(value: Any, processor: Any) -> np.ndarray:
    """The RGB frames (frames, height, width, 3), uint8; independent of `processor`."""
    return load_video(value)


def chat_part(frames: np.ndarray, processor: Any) -> dict[str, Any]:
    """A video (frames, height, width, 3), uint8, as a content part of a chat message."""
    return {"type": "video", "video": frames}


def encode_videos(
    videos: list[Any], video_processor: Any, config: Any, num_frames: int | None, every: int = 1
) -> Encoded:
    """Load and preprocess videos; the tensors are those of the video processor.

    Args:
        num_frames: number of frames of each video; None for the model's number.
        every: use each `every`th frame of a video.

    Raises:
        TypeError, ValueError: an item is not a video; see `load_video`.
    """
    loaded = [load_video(video)[::every] for video in videos]
    inputs = video_processor(
        loaded,
        num_frames=num_frames or frames_wanted(config),
        do_sample_frames=True,
        return_tensors="pt",
    )
    return Encoded(dict(inputs))


def clip_features(
    videos: list[Any], processor: Any, config: Any, num_frames: int | None = None
) -> Mapping[str, Any]:
    """The inputs for videos of a model that compares them with texts.

    Args:
        num_frames: number of evenly spaced frames of each video; None for the model's number.

    Returns:
        `pixel_values` (videos, frames, channels, height, width) from an image processor, else the
        tensors of the video processor.
    """
    wanted = num_frames or frames_wanted(getattr(config, "vision_config", config))
    frames = [sample_frames(video, wanted) for video in videos]
    if hasattr(processor, "image_processor"):
        nested = [list(video) for video in frames]
        pixels = processor.image_processor(nested, return_tensors="pt")["pixel_values"]
        # Some image processors return videos separately, some one row of frames.
        return {"pixel_values": pixels.reshape(len(videos), -1, *pixels.shape[-3:])}
    return dict(processor.video_processor(frames, do_sample_frames=False, return_tensors="pt"))
