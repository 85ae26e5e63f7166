"""`keypoint-detection` gives the image processor's points of the model's own output."""

from __future__ import annotations

from typing import Any

from PIL import Image

TASK = "keypoint-detection"


def test_equals_the_model(cell: Any) -> None:
    processor = cell.opened.processor
    for path in cell.samples:
        image = Image.open(path).convert("RGB")
        outputs = cell.model_outputs(**processor(images=image, return_tensors="pt"))
        size = [(image.height, image.width)]
        (expected,) = processor.post_process_keypoint_detection(outputs, size)
        cell.assert_equal(cell.run(path), expected)


def test_threshold_leaves_out_low_scores(cell: Any) -> None:
    path = cell.samples[0]
    everything = cell.run(path)
    middle = everything["scores"].median().item()
    above = everything["scores"] > middle
    expected = {name: values[above] for name, values in everything.items()}
    cell.assert_equal(cell.run(path, threshold=middle), expected)
