"""`video-feature-extraction` gives the first output of the model itself."""

from __future__ import annotations

from typing import Any

import av
import numpy as np

TASK = "video-feature-extraction"


def test_equals_the_model(cell: Any) -> None:
    config, processor = cell.opened.endpoint.config, cell.opened.processor
    count = getattr(config, "num_frames", getattr(config, "frames_per_clip", None))
    for path in cell.samples:
        with av.open(path) as video:
            frames = np.stack([frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)])
        options = {"num_frames": count, "do_sample_frames": True, "return_tensors": "pt"}
        expected = cell.model_outputs(**processor(frames, **options))[0]
        cell.assert_equal(cell.run(path), expected)
        cell.assert_equal(cell.run(path, return_tensors=True), expected)
