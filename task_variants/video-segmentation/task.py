"""A video and points on an object in, its mask in every frame out (task `video-segmentation`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.media.video import is_video
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.images import as_mask
from hf_skillset_runtime.tasks.model_outputs import as_tensor
from hf_skillset_runtime.tasks.scores import sigmoid
from hf_skillset_runtime.tasks.videos import sample_frames

OBJECT = 1
"""The number that the session gives the object."""


def is_batch(inputs: Any) -> bool:
    """A list is a batch of videos, unless it holds the frames of one."""
    return not is_video(inputs)


def encode(
    videos: list[Any],
    processor: Any,
    config: Any,
    points: list[list[float]] | None = None,
    labels: list[int] | None = None,
    num_frames: int | None = None,
) -> list[Encoded]:
    """Open a session per video with points on its first frame: a run for each frame, in order."""
    runs = []
    for number, video in enumerate(videos):
        frames = sample_frames(video, num_frames)
        height, width = frames.shape[1:3]
        marked = points or [[width / 2, height / 2]]
        session = processor.init_video_session(video=frames)
        processor.add_inputs_to_inference_session(
            session,
            frame_idx=0,
            obj_ids=OBJECT,
            input_points=[[marked]],
            input_labels=[[labels or [1] * len(marked)]],
        )
        runs += [
            Encoded(
                {"inference_session": session, "frame_idx": frame},
                context=(number, (height, width)),
            )
            for frame in range(len(frames))
        ]
    return runs


def decode(
    outputs: list[Mapping[str, np.ndarray]], encoded: list[Encoded], processor: Any, config: Any
) -> list[dict[str, Any]]:
    """Per video `frames`: for each a list of `{"object_id", "mask", "score"}`."""
    results: dict[int, list[Any]] = {}
    for found, run in zip(outputs, encoded):
        number, size = run.context
        (masks,) = processor.post_process_masks([as_tensor(found["pred_masks"])], [size])
        scores = sigmoid(found["object_score_logits"]).reshape(-1)
        objects = [
            {"object_id": OBJECT, "mask": as_mask(mask[0].numpy()), "score": float(score)}
            for mask, score in zip(masks, scores)
        ]
        results.setdefault(number, []).append(objects)
    return [{"frames": frames} for frames in results.values()]
