"""Dummy inputs of video models: frames, and a session of a video with a marked object."""

from __future__ import annotations

import importlib
from typing import Any

from .images import image_shape
from .sampler import Sampler, fills


@fills("pixel_values_videos")
def _video(sampler: Sampler) -> Any:
    channels, height, width = image_shape(sampler)
    frames = sampler.number("num_frames", "frames_per_clip", near=("video", "vision"), default=4)
    return sampler.normal(1, frames, channels, height, width)


@fills("inference_session")
def _session(sampler: Sampler) -> Any:
    """A video of two frames in which one object was marked by a point."""
    module = importlib.import_module(type(sampler.model).__module__)
    classes = [v for n, v in vars(module).items() if n.endswith("InferenceSession")]
    channels, height, width = image_shape(sampler)
    video = sampler.normal(2, channels, height, width)
    import torch

    session = classes[0](video=video, video_height=height, video_width=width, dtype=torch.float32)
    sampler.made["frame_idx"] = 0
    point = {"point_coords": torch.ones(1, 1, 1, 2), "point_labels": torch.ones(1, 1, 1).int()}
    session.add_point_inputs(session.obj_id_to_idx(1), 0, point)
    session.obj_with_new_inputs = [1]
    return session
