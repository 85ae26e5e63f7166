"""`image-to-image` gives the image that the model itself gives."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

TASK = "image-to-image"


def test_equals_the_model(cell: Any) -> None:
    processor, upscale = cell.opened.processor, cell.opened.endpoint.config.upscale
    for path in cell.samples:
        image = Image.open(path).convert("RGB")
        outputs = cell.model_outputs(**processor(images=image, return_tensors="pt"))
        result = cell.run(path)["image"]
        assert result.size == (image.width * upscale, image.height * upscale)
        expected = outputs.reconstruction[0, :, : result.height, : result.width].clamp(0, 1).numpy()
        colours = np.asarray(result).transpose(2, 0, 1) / 255.0
        assert np.abs(colours - expected).max() <= 0.51 / 255.0
