"""`masked-image-modeling` gives what the model itself makes of the same hidden patches."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from PIL import Image

TASK = "masked-image-modeling"


def test_equals_the_model(cell: Any) -> None:
    processor = cell.opened.processor
    for path in cell.samples:
        result = cell.run(path)
        inputs = processor(images=Image.open(path).convert("RGB"), return_tensors="pt")
        hidden = torch.from_numpy(result["mask"]).flatten()[None]
        expected = cell.model_outputs(**inputs, bool_masked_pos=hidden).reconstruction[0]
        cell.assert_equal(result["reconstruction"], expected)


def test_hides_the_share_that_was_asked_for(cell: Any) -> None:
    path = cell.samples[0]
    assert not cell.run(path, mask_ratio=0.0)["mask"].any()
    assert cell.run(path, mask_ratio=1.0)["mask"].all()
    with pytest.raises(ValueError, match="mask_ratio"):
        cell.run(path, mask_ratio=2.0)
