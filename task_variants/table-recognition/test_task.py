"""`table-recognition` gives what the image processor reads in the model's own output."""

from __future__ import annotations

from typing import Any

from PIL import Image

TASK = "table-recognition"


def test_equals_the_model(cell: Any) -> None:
    processor = cell.opened.processor
    for path in cell.samples:
        inputs = processor(images=Image.open(path).convert("RGB"), return_tensors="pt")
        expected = processor.post_process_table_recognition(cell.model_outputs(**inputs))
        result = cell.run(path)
        cell.assert_equal(result, expected)
        assert result["structure"][0] == "<html>"
