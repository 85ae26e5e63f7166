"""A video in, labels with scores out (task `video-classification`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.media.video import is_video
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.scores import class_scores, labelled
from hf_skillset_runtime.tasks.videos import encode_videos


def is_batch(inputs: Any) -> bool:
    """Whether a list is a batch of videos and not the frames of one."""
    return not is_video(inputs)


def encode(
    videos: list[Any],
    video_processor: Any,
    config: Any,
    num_frames: int | None = None,
    frame_sampling_rate: int = 1,
) -> Encoded:
    """Load the videos and sample `num_frames` from every `frame_sampling_rate`th frame."""
    return encode_videos(videos, video_processor, config, num_frames, frame_sampling_rate)


def decode(
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    video_processor: Any,
    config: Any,
    top_k: int = 5,
    function_to_apply: str | None = None,
) -> list[list[dict[str, Any]]]:
    """The `top_k` labels of each video, best first."""
    logits = outputs["logits"]  # (videos, labels), VideoPrism's (videos, 1, labels)
    return [
        labelled(class_scores(row, config, function_to_apply), config, top_k)
        for row in logits.reshape(-1, logits.shape[-1])
    ]
