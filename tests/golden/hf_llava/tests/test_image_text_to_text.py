"""`image-text-to-text` gives what the model's own `generate` gives."""

from __future__ import annotations

from typing import Any

from PIL import Image

TASK = "image-text-to-text"


def test_equals_generate(cell: Any) -> None:
    processor, model = cell.opened.processor, cell.opened.endpoint
    for sample in cell.samples:
        (answer,) = cell.run(sample, return_full_text=False)
        image = Image.open(sample["images"]).convert("RGB")
        inputs = processor(text=answer["input_text"], images=image, return_tensors="pt")
        tokens = model.generate(**inputs, **cell.spec.sample_params)
        seen = inputs["input_ids"].shape[1]
        decoded = processor.batch_decode(tokens[:, seen:], skip_special_tokens=True)
        assert answer["generated_text"].strip() == decoded[0].strip()
