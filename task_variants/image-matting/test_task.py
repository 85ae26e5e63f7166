"""`image-matting` gives the opacities that the model itself gives."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

TASK = "image-matting"


def expected_alpha(cell: Any, item: dict[str, str]) -> Any:
    processor, image = cell.opened.processor, Image.open(item["image"]).convert("RGB")
    if hasattr(processor, "post_process_image_matting"):
        outputs = cell.model_outputs(**processor(images=image, return_tensors="pt"))
        size = [(image.height, image.width)]
        return processor.post_process_image_matting(outputs, target_sizes=size)[0]["alpha"][0]
    trimap = Image.open(item["trimap"]).convert("L")
    inputs = processor(images=image, trimaps=trimap, return_tensors="pt")
    return cell.model_outputs(**inputs).alphas[0, 0, : image.height, : image.width]


def test_equals_the_model(cell: Any) -> None:
    for item in cell.samples:
        result = cell.run(item)
        cell.assert_equal(result["alpha"], expected_alpha(cell, item))
        assert result["mask"].size == Image.open(item["image"]).size
        assert np.abs(np.asarray(result["mask"]) / 255.0 - result["alpha"]).max() <= 0.5 / 255.0
