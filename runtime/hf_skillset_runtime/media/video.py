"""Video inputs: a path, a list of frames or an array."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

from .image import as_bytes, load_image


def is_video(value: Any) -> bool:
    """Whether a value is one video; a list is if it contains frames, not paths or videos."""
    if not isinstance(value, list):
        return True
    return bool(value) and all(is_frame(item) for item in value)


def is_frame(value: Any) -> bool:
    """Whether a value is an image that is already loaded."""
    return isinstance(value, Image.Image) or (isinstance(value, np.ndarray) and value.ndim == 3)


def load_video(value: Any) -> np.ndarray:
    """The frames of a video as RGB (frames, height, width, 3), uint8.

    Args:
        value: a path, the bytes of a file, a list of frames (PIL images or arrays of one size), or
            an array (frames, height, width, 3): uint8, uint16 or floats from 0 to 1.

    Raises:
        TypeError: `value` is none of these.
        ValueError: the video cannot be read, has no frames, or has values out of range.
    """
    if isinstance(value, (str, Path, bytes)):
        frames = read_file(value)
    elif isinstance(value, list) and all(is_frame(frame) for frame in value):
        frames = [np.asarray(load_image(frame)) for frame in value]
    elif isinstance(value, np.ndarray) and value.ndim == 4 and value.shape[-1] == 3:
        frames = list(as_bytes(value))
    else:
        raise TypeError(
            "expected a video (path, list of frames, or array of shape (frames, height, width,"
            f" 3)), got {type(value).__name__}"
        )
    if not frames or len({frame.shape for frame in frames}) > 1:
        raise ValueError("a video needs at least one frame, and all of one size")
    return np.stack(frames)


def read_file(path: str | Path | bytes) -> list[np.ndarray]:
    """All frames of a video file, or of its bytes."""
    source = BytesIO(path) if isinstance(path, bytes) else str(path)
    try:
        with av.open(source) as container:
            return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    except (av.FFmpegError, OSError, IndexError) as error:
        named = "these bytes" if isinstance(path, bytes) else repr(str(path))
        raise ValueError(f"cannot read a video from {named}: {error}") from error


def duration(value: Any) -> float | None:
    """The duration of a video file in seconds; None for frames."""
    if not isinstance(value, (str, Path)):
        return None
    with av.open(str(value)) as container:
        return container.duration / av.time_base if container.duration else None
