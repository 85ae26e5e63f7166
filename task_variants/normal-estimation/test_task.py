"""`normal-estimation` gives the image processor's normals of the model's own output."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

TASK = "normal-estimation"


def test_equals_the_model(cell: Any) -> None:
    processor = cell.opened.processor
    for path in cell.samples:
        image = Image.open(path).convert("RGB")
        outputs = cell.model_outputs(**processor(images=image, return_tensors="pt"))
        size = [(image.height, image.width)]
        (expected,) = processor.post_process_normal_estimation(outputs, size)
        result = cell.run(path)
        cell.assert_equal(result["predicted_normals"], expected["normals"])
        assert result["normals"].size == image.size


def test_the_image_shows_directions_as_colours(cell: Any) -> None:
    result = cell.run(cell.samples[0])
    colours = np.asarray(result["normals"]).transpose(2, 0, 1) / 255.0 * 2.0 - 1.0
    assert np.abs(colours - result["predicted_normals"].numpy()).max() < 2.0 / 255.0
