"""`text-recognition` gives what the processor reads in the model's own output."""

from __future__ import annotations

from typing import Any

from PIL import Image

TASK = "text-recognition"


def test_equals_the_model(cell: Any) -> None:
    processor = cell.opened.processor
    for path in cell.samples:
        inputs = processor(images=Image.open(path).convert("RGB"), return_tensors="pt")
        outputs = cell.model_outputs(**inputs)
        if hasattr(processor, "post_process_text_recognition"):
            (expected,) = processor.post_process_text_recognition(outputs)
            expected["score"] = expected["score"] if expected["text"] else 0.0
        else:
            decoded = processor.batch_decode(outputs.logits)
            (text,), (score,) = decoded["generated_text"], decoded["scores"]
            expected = {"text": text, "score": float(score)}
        cell.assert_equal(cell.run(path), expected)
