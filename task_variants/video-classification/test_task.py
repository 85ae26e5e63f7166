"""`video-classification` gives what transformers' pipeline gives."""

from __future__ import annotations

from typing import Any

import av
import numpy as np
from PIL import Image

TASK = "video-classification"


def frames_of(path: str) -> np.ndarray:
    with av.open(path) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def pipeline_labels(cell: Any, path: str, **options: Any) -> Any:
    """The pipeline's labels; it cannot read logits with one axis more, as VideoPrism gives them."""

    def flatten_logits(module: Any, arguments: Any, outputs: Any) -> Any:
        outputs.logits = outputs.logits.flatten(0, -2)
        return outputs

    hook = cell.opened.endpoint.register_forward_hook(flatten_logits)
    try:
        # Frames: the pipeline reads files with torchcodec alone.
        return cell.pipeline(frames_of(path), **options)
    finally:
        hook.remove()


def test_equals_the_pipeline(cell: Any) -> None:
    config = cell.opened.endpoint.config
    options = {} if hasattr(config, "num_frames") else {"num_frames": config.frames_per_clip}
    for path in cell.samples:
        expected = pipeline_labels(cell, path, **options)
        cell.assert_equal(cell.run(path), expected)
        cell.assert_equal(cell.run(path, top_k=1), expected[:1])


def test_takes_paths_frames_and_arrays(cell: Any) -> None:
    path = cell.samples[0]
    frames, expected = frames_of(path), cell.run(path)
    cell.assert_equal(cell.run(frames), expected)
    cell.assert_equal(cell.run([Image.fromarray(frame) for frame in frames]), expected)
    cell.assert_equal(cell.run([path, path]), [expected, expected])
