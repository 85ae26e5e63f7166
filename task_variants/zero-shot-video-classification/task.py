"""A video and labels in, a score per label out (task `zero-shot-video-classification`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.media.video import is_video
from hf_skillset_runtime.tasks.candidate_labels import as_captions, scored_labels
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.scores import sigmoid, softmax
from hf_skillset_runtime.tasks.videos import frames_wanted, sample_frames


def is_batch(inputs: Any) -> bool:
    """A list is a batch of videos, unless it holds the frames of one."""
    return not is_video(inputs)


def encode(
    videos: list[Any],
    processor: Any,
    config: Any,
    candidate_labels: list[str],
    hypothesis_template: str = "This is a video of {}.",
    num_frames: int | None = None,
) -> Encoded:
    """Take `num_frames` of each video, and the labels as captions."""
    wanted = num_frames or frames_wanted(getattr(config, "vision_config", config))
    frames = [sample_frames(video, wanted) for video in videos]
    captions = as_captions(candidate_labels, hypothesis_template)
    words = processor.tokenizer(captions, padding=True, return_tensors="pt")
    if hasattr(processor, "image_processor"):
        nested = [list(video) for video in frames]
        pixels = processor.image_processor(nested, return_tensors="pt")["pixel_values"]
        # Some image processors keep the videos apart, some give one row of frames.
        pixels = pixels.reshape(len(videos), -1, *pixels.shape[-3:])
        return Encoded({**words, "pixel_values": pixels})
    images = processor.video_processor(frames, do_sample_frames=False, return_tensors="pt")
    return Encoded({**words, **images})


def decode(
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    processor: Any,
    config: Any,
    facts: Mapping[str, Any],
    candidate_labels: list[str],
) -> list[list[dict[str, Any]]]:
    """The labels of each video, best first: probabilities, except with PE's single scores."""
    if "logits_video_text" in outputs:
        scores = sigmoid(outputs["logits_video_text"])
    elif "probabilities" in facts:
        scores = outputs[facts["probabilities"]].T
    else:
        scores = softmax(outputs["logits_per_video"])
    return [scored_labels(row, candidate_labels) for row in scores]
