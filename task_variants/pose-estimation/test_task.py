"""`pose-estimation` gives the image processor's joints of the model's own output."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image

TASK = "pose-estimation"
BOXES = [[4.0, 4.0, 40.0, 40.0], [20.0, 10.0, 30.0, 50.0]]


def expected_poses(cell: Any, path: str, boxes: list[list[float]]) -> Any:
    processor, image = cell.opened.processor, Image.open(path).convert("RGB")
    inputs = processor(images=image, boxes=[boxes], return_tensors="pt")
    outputs = cell.model_outputs(**inputs)
    return processor.post_process_pose_estimation(outputs, boxes=[boxes])[0]


def test_equals_the_model(cell: Any) -> None:
    path = cell.samples[0]
    result = cell.run({"image": path, "boxes": BOXES})
    cell.assert_equal(result, expected_poses(cell, path, BOXES))
    assert len(result) == len(BOXES)


def test_without_boxes_the_image_is_the_person(cell: Any) -> None:
    path = cell.samples[0]
    width, height = Image.open(path).size
    cell.assert_equal(cell.run(path), expected_poses(cell, path, [[0.0, 0.0, width, height]]))
    with pytest.raises(ValueError, match="at least one box"):
        cell.run({"image": path, "boxes": []})
