"""`unconditional-image-generation` draws what the model's own `generate` gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

TASK = "unconditional-image-generation"


def test_equals_generate(cell: Any) -> None:
    model, processor = cell.opened.endpoint, cell.opened.processor
    width = processor.size["width"]
    for path in cell.samples:
        image = Image.open(path).convert("RGB")
        row = processor(images=image, return_tensors="pt")["input_ids"][:, :width]
        prompt = torch.cat([torch.tensor([[model.config.vocab_size - 1]]), row], dim=1)
        tokens = model.generate(prompt, max_new_tokens=4, do_sample=False)[0, 1:].numpy()
        drawn = np.asarray(cell.run(path)["image"]).reshape(-1, 3)
        clusters = np.asarray(processor.clusters)
        expected = 127.5 * (clusters[tokens.clip(max=len(clusters) - 1)] + 1.0)
        assert np.abs(drawn[: len(tokens)] - expected).max() <= 0.5
        assert not drawn[len(tokens) :].any()


def test_needs_no_image_without_prompt_rows(cell: Any) -> None:
    image = cell.run(None, prompt_rows=0)["image"]
    assert image.size == (cell.opened.processor.size["width"],) * 2
    with pytest.raises(ValueError, match="prompt_rows"):
        cell.run(cell.samples[0], prompt_rows=-1)
