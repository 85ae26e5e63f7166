"""`next-sentence-prediction` gives the probability that the model's own logits give."""

from __future__ import annotations

from typing import Any

TASK = "next-sentence-prediction"


def test_equals_the_model(cell: Any) -> None:
    for sample in cell.samples:
        pair = sample["text"], sample["text_pair"]
        outputs = cell.model_outputs(**cell.opened.processor(*pair, return_tensors="pt"))
        follows = outputs.logits[0].softmax(-1)[0].item()
        cell.assert_equal(cell.run(sample), {"is_next": follows > 0.5, "score": follows})
