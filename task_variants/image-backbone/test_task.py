"""`image-backbone` gives the feature maps of the model itself."""

from __future__ import annotations

from typing import Any

from PIL import Image

TASK = "image-backbone"


def test_equals_the_model(cell: Any) -> None:
    processor = cell.opened.processor
    for path in cell.samples:
        inputs = processor(images=Image.open(path).convert("RGB"), return_tensors="pt")
        expected = cell.model_outputs(**inputs).feature_maps
        result = cell.run(path)
        cell.assert_equal(result["feature_maps"], [one[0] for one in expected])
        assert len(result["stages"]) == len(expected)
