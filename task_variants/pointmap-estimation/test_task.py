"""`pointmap-estimation` gives the image processor's positions of the model's own output."""

from __future__ import annotations

from typing import Any

from PIL import Image

TASK = "pointmap-estimation"


def test_equals_the_model(cell: Any) -> None:
    processor = cell.opened.processor
    for path in cell.samples:
        image = Image.open(path).convert("RGB")
        outputs = cell.model_outputs(**processor(images=image, return_tensors="pt"))
        size = [(image.height, image.width)]
        (expected,) = processor.post_process_pointmap_estimation(outputs, source_sizes=size)
        result = cell.run(path)
        cell.assert_equal(result, expected)
        assert tuple(result["pointmap"].shape) == (3, image.height, image.width)
