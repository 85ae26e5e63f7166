"""`visual-question-answering` gives the answers of the model itself."""

from __future__ import annotations

from typing import Any

import torch
from PIL import Image

TASK = "visual-question-answering"


def test_equals_the_model(cell: Any) -> None:
    processor, model = cell.opened.processor, cell.opened.endpoint
    for item in cell.samples:
        image = Image.open(item["image"]).convert("RGB")
        inputs = processor(images=image, text=item["question"], return_tensors="pt")
        if cell.spec.run == "generate":
            tokens = model.generate(**inputs, max_new_tokens=4)
            question_ids = inputs["input_ids"]
            if torch.equal(tokens[:, : question_ids.shape[1]], question_ids):
                tokens = tokens[:, question_ids.shape[1] :]
            text = processor.batch_decode(tokens, skip_special_tokens=True)[0]
            expected = [{"answer": text.strip()}]
        else:
            scores, ids = cell.model_outputs(**inputs).logits[0].sigmoid().topk(2)
            expected = [
                {"score": score, "answer": model.config.id2label[label]}
                for score, label in zip(scores.tolist(), ids.tolist())
            ]
        cell.assert_equal(cell.run(item, top_k=2), expected)
