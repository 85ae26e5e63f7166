"""`multimodal-feature-extraction` gives the outputs of the model itself."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from PIL import Image

TASK = "multimodal-feature-extraction"
REGIONS = ("visual_feats", "visual_pos")


def regions(sample: dict[str, Any], config: Any) -> dict[str, torch.Tensor]:
    """The regions of a sample at the model's width."""
    given = {name: torch.tensor([sample[name]]) for name in REGIONS if name in sample}
    if "visual_feats" in given:
        vectors = given["visual_feats"]
        times = -(-config.visual_feat_dim // vectors.shape[-1])
        given["visual_feats"] = vectors.repeat(1, 1, times)[..., : config.visual_feat_dim]
    return given


def test_equals_the_model(cell: Any) -> None:
    processor = cell.opened.processor
    for sample in cell.samples:
        if not set(sample) <= {"text", "images", *REGIONS}:
            continue
        images = {"images": [Image.open(sample["images"])]} if "images" in sample else {}
        token = getattr(processor, "image_token", "")
        text = token * len(images) + sample["text"] if isinstance(token, str) else sample["text"]
        inputs = processor(text=text, **images, return_tensors="pt")
        outputs = cell.model_outputs(**inputs, **regions(sample, cell.opened.endpoint.config))
        expected = {name: one for name, one in outputs.items() if isinstance(one, torch.Tensor)}
        cell.assert_equal(cell.run(sample), expected)
        cell.assert_equal(cell.run(sample, return_tensors=True), expected)


def test_needs_a_text(cell: Any) -> None:
    with pytest.raises(TypeError, match="dict with text"):
        cell.run({"images": "image.jpg"})
