"""A video in, the video encoder's hidden states out (task `video-feature-extraction`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from hf_skillset_runtime.media.video import is_video
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.videos import encode_videos


def is_batch(inputs: Any) -> bool:
    """Whether a list is a batch of videos and not the frames of one."""
    return not is_video(inputs)


def encode(
    videos: list[Any], video_processor: Any, config: Any, num_frames: int | None = None
) -> Encoded:
    """Load the videos and take `num_frames` of their frames."""
    return encode_videos(videos, video_processor, config, num_frames)


def decode(
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    video_processor: Any,
    config: Any,
    return_tensors: bool = False,
) -> list[Any]:
    """Per video the model's first output (1, patches, hidden size), as lists or as a tensor."""
    features = [row[None] for row in next(iter(outputs.values()))]
    return [torch.from_numpy(row) if return_tensors else row.tolist() for row in features]
