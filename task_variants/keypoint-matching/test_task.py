"""`keypoint-matching` gives what transformers' pipeline gives, and positions in pixels."""

from __future__ import annotations

from typing import Any

import torch
from PIL import Image

TASK = "keypoint-matching"


def test_equals_the_pipeline(cell: Any) -> None:
    for pair in cell.samples:
        # Squares: of other images the pipeline (5.23) swaps height and width.
        squares = [Image.open(path).convert("RGB").resize((64, 64)) for path in pair]
        cell.assert_equal(cell.run(squares), cell.pipeline(squares))


def test_equals_the_image_processor(cell: Any) -> None:
    processor = cell.opened.processor
    for pair in cell.samples:
        loaded = [Image.open(path).convert("RGB") for path in pair]
        outputs = cell.model_outputs(**processor(images=loaded, return_tensors="pt"))
        sizes = torch.tensor([[(image.height, image.width) for image in loaded]])
        (expected,) = processor.post_process_keypoint_matching(outputs, sizes)
        matches = cell.run(pair)
        assert len(matches) == len(expected["matching_scores"])
        scores = sorted(expected["matching_scores"].tolist(), reverse=True)
        cell.assert_equal([match["score"] for match in matches], scores)
        found_points = {tuple(match["keypoint_image_1"].values()) for match in matches}
        assert found_points == {tuple(point) for point in expected["keypoints1"].tolist()}
