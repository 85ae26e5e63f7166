"""A video and labels in, a score per label out (task `zero-shot-video-classification`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.media.video import is_video
from hf_skillset_runtime.tasks.candidate_labels import as_captions, scored_labels
from hf_skillset_runtime.tasks.encoded import Columns, Encoded
from hf_skillset_runtime.tasks.scores import sigmoid, softmax
from hf_skillset_runtime.tasks.videos import clip_features


def is_batch(inputs: Any) -> bool:
    """Whether a list is a batch of videos and not the frames of one."""
    return not is_video(inputs)


def encode(
    videos: list[Any],
    processor: Any,
    config: Any,
    facts: Mapping[str, Any],
    candidate_labels: list[str],
    hypothesis_template: str = "This is a video of {}.",
    num_frames: int | None = None,
) -> Encoded:
    """Take `num_frames` of each video, and the labels as captions."""
    captions = as_captions(candidate_labels, hypothesis_template)
    words = processor.tokenizer(captions, padding=True, return_tensors="pt")
    outputs: dict[str, int | None] = {facts.get("independent_logits", "logits_per_video"): 1}
    if "similarity_of" in facts:
        video, text = facts["similarity_of"]
        outputs = {video: None, text: 0}
    columns = Columns(tuple(words), 0, outputs)
    clips = clip_features(videos, processor, config, num_frames)
    return Encoded({**words, **clips}, columns=columns)


def decode(
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    processor: Any,
    config: Any,
    facts: Mapping[str, Any],
    candidate_labels: list[str],
) -> list[list[dict[str, Any]]]:
    """The labels of each video, best first: probabilities over them, or a score for each alone."""
    if "independent_logits" in facts:
        scores = sigmoid(outputs[facts["independent_logits"]])
    elif "similarity_of" in facts:
        video, text = facts["similarity_of"]
        scores = softmax(outputs[video] @ outputs[text].T)
    else:
        scores = softmax(outputs["logits_per_video"])
    return [scored_labels(row, candidate_labels) for row in scores]
