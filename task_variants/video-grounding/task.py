"""A video and a sentence in, when in the video it happens out (task `video-grounding`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.media.text import as_fields, as_text
from hf_skillset_runtime.media.video import duration
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.model_outputs import as_tensor
from hf_skillset_runtime.tasks.videos import frames_wanted, sample_frames


def encode(items: list[Any], processor: Any, config: Any, num_frames: int | None = None) -> Encoded:
    """Preprocess `{"video", "text"}` items, with `num_frames` frames of each video."""
    pairs = [as_fields(item, "video", "text") for item in items]
    count = num_frames or frames_wanted(config)
    frames = [list(sample_frames(video, count)) for video, _ in pairs]
    inputs = processor.image_processor(frames, return_tensors="pt")
    words = processor.tokenizer(
        [as_text(text) for _, text in pairs], padding=len(items) > 1, return_tensors="pt"
    )
    names = ("input_ids", "attention_mask")
    given = {**inputs, **{name: words[name] for name in names}}
    return Encoded(given, context=[duration(video) for video, _ in pairs])


def decode(
    outputs: Mapping[str, np.ndarray], encoded: Encoded, processor: Any, config: Any
) -> list[dict[str, float]]:
    """Per item `start` and `end` in seconds; fractions of the video if its duration is unknown."""
    results = []
    for logits, seconds in zip(outputs["logits"], encoded.context):
        if seconds is None:
            start, end = logits.tolist()
        else:
            start, end = processor.post_process_video_grounding(as_tensor(logits[None]), seconds)
        results.append({"start": start, "end": end})
    return results
