"""`document-rectification` gives the image processor's page of the model's own output."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

TASK = "document-rectification"


def test_equals_the_model(cell: Any) -> None:
    processor = cell.opened.processor
    for path in cell.samples:
        image = Image.open(path).convert("RGB")
        inputs = processor(images=image, return_tensors="pt")
        outputs = cell.model_outputs(pixel_values=inputs["pixel_values"])
        (page,) = processor.post_process_document_rectification(
            outputs.last_hidden_state, inputs["original_images"]
        )
        result = cell.run(path)["image"]
        assert result.size == image.size
        assert (np.asarray(result)[..., ::-1] == page["images"].numpy()).all()
