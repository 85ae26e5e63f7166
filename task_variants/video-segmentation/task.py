"""A video and points on an object in, its mask in every frame out (task `video-segmentation`)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from hf_skillset_runtime.media.video import is_video
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.images import as_mask
from hf_skillset_runtime.tasks.model_outputs import as_tensor
from hf_skillset_runtime.tasks.scores import sigmoid
from hf_skillset_runtime.tasks.videos import sample_frames

OBJECT = 1
"""The id of the object in the session."""


def is_batch(inputs: Any) -> bool:
    """Whether a list is a batch of videos and not the frames of one."""
    return not is_video(inputs)


def encode(
    videos: list[Any],
    processor: Any,
    config: Any,
    points: list[list[float]] | None = None,
    labels: list[int] | None = None,
    num_frames: int | None = None,
) -> list[Encoded]:
    """Open a session per video with points on its first frame: one call per frame, in order."""
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
                place=partial(move_session, session),
            )
            for frame in range(len(frames))
        ]
    return runs


def move_session(session: Any, device: Any, dtype: Any) -> None:
    """Move a video session, with its points, to `device`."""
    for part in (session, session.cache):
        part.inference_device = part.inference_state_device = device
    session.dtype = dtype
    for number, frame in session.processed_frames.items():
        # Frames are moved to `device` one by one.
        session.processed_frames[number] = frame.to(dtype)
    for object_index, frames in session.point_inputs_per_obj.items():
        for number, points in frames.items():
            session.add_point_inputs(object_index, number, points)


def decode(
    outputs: list[Mapping[str, np.ndarray]], encoded: list[Encoded], processor: Any, config: Any
) -> list[dict[str, Any]]:
    """Per video `frames`: for each a list of `{"object_id", "mask", "score"}`."""
    results: dict[int, list[Any]] = {}
    for call_outputs, run in zip(outputs, encoded):
        number, size = run.context
        (masks,) = processor.post_process_masks([as_tensor(call_outputs["pred_masks"])], [size])
        scores = sigmoid(call_outputs["object_score_logits"]).reshape(-1)
        objects = [
            {"object_id": OBJECT, "mask": as_mask(mask[0].numpy()), "score": float(score)}
            for mask, score in zip(masks, scores)
        ]
        results.setdefault(number, []).append(objects)
    return [{"frames": frames} for frames in results.values()]
