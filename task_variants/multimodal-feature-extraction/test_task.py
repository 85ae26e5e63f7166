"""`multimodal-feature-extraction` gives the outputs of the model itself."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from PIL import Image

TASK = "multimodal-feature-extraction"


def test_equals_the_model(cell: Any) -> None:
    processor = cell.opened.processor
    for sample in cell.samples:
        if not set(sample) <= {"text", "images"}:
            continue
        images = {"images": [Image.open(sample["images"])]} if "images" in sample else {}
        text = cell.spec.module.marked(sample["text"], images, processor)
        inputs = processor(text=text, **images, return_tensors="pt")
        outputs = cell.model_outputs(**inputs)
        expected = {name: one for name, one in outputs.items() if isinstance(one, torch.Tensor)}
        cell.assert_equal(cell.run(sample), expected)
        cell.assert_equal(cell.run(sample, return_tensors=True), expected)


def test_needs_a_text(cell: Any) -> None:
    with pytest.raises(TypeError, match="dict with text"):
        cell.run({"images": "image.jpg"})
