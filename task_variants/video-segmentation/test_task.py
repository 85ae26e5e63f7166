"""`video-segmentation` gives the masks of the model's own session."""

from __future__ import annotations

from typing import Any

import av
import numpy as np
import torch

TASK = "video-segmentation"
POINT = [30.0, 20.0]


def ends_of(path: str) -> np.ndarray:
    with av.open(path) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return np.stack([frames[0], frames[-1]])


def test_equals_the_model(cell: Any) -> None:
    processor, model = cell.opened.processor, cell.opened.endpoint
    for path in cell.samples:
        frames = ends_of(path)
        session = processor.init_video_session(video=frames)
        processor.add_inputs_to_inference_session(
            session, frame_idx=0, obj_ids=7, input_points=[[[POINT]]], input_labels=[[[1]]]
        )
        result = cell.run(path, points=[POINT])["frames"]
        assert len(result) == len(frames)
        for index, (answer,) in enumerate(result):
            with torch.inference_mode():
                outputs = model(inference_session=session, frame_idx=index)
            size = [frames.shape[1:3]]
            (mask,) = processor.post_process_masks([outputs.pred_masks], size)
            assert (mask[0, 0].numpy() == (np.asarray(answer["mask"]) == 255)).all()
            score = outputs.object_score_logits.sigmoid().item()
            assert abs(answer["score"] - score) < 1e-5


def test_a_session_works_where_its_model_is(cell: Any) -> None:
    processor = cell.opened.processor
    session = processor.init_video_session(video=ends_of(cell.samples[0]))
    processor.add_inputs_to_inference_session(
        session, frame_idx=0, obj_ids=7, input_points=[[[POINT]]], input_labels=[[[1]]]
    )
    # torch's device without memory stands for one that is not the CPU
    cell.spec.module.move_session(session, torch.device("meta"), torch.bfloat16)
    frame = session.get_frame(1)
    assert (frame.device.type, frame.dtype) == ("meta", torch.bfloat16)
    points = session.point_inputs_per_obj[0][0]
    assert {value.device.type for value in points.values()} == {"meta"}
