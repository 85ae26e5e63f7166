"""`in-context-segmentation` gives the image processor's mask of the model's own output."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

TASK = "in-context-segmentation"


@pytest.mark.parametrize("num_labels", [None, 3])
def test_equals_the_model(cell: Any, num_labels: int | None) -> None:
    processor = cell.opened.processor
    for item in cell.samples:
        image, prompt = (
            Image.open(item[name]).convert("RGB") for name in ("image", "prompt_image")
        )
        mask = Image.open(item["prompt_mask"])
        labels = np.asarray(mask.convert("L")) % 4
        inputs = processor(
            images=image,
            prompt_images=prompt,
            prompt_masks=mask.convert("RGB") if num_labels is None else labels,
            **({} if num_labels is None else {"num_labels": num_labels}),
            do_convert_rgb=num_labels is not None,
            return_tensors="pt",
        )
        size = [(image.height, image.width)]
        (expected,) = processor.post_process_semantic_segmentation(
            cell.model_outputs(**inputs), target_sizes=size, num_labels=num_labels
        )
        given = item if num_labels is None else {**item, "prompt_mask": Image.fromarray(labels)}
        result = np.asarray(cell.run(given, num_labels=num_labels)["mask"])
        assert result.shape == size[0]
        assert np.abs(result.astype(int) - expected.numpy()).max() <= 1
