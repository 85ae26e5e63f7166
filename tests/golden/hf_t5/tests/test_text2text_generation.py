"""`text2text-generation` gives what the model's own `generate` gives."""

from __future__ import annotations

from typing import Any

TASK = "text2text-generation"


def test_equals_generate(cell: Any) -> None:
    tokenizer, model = cell.opened.processor, cell.opened.endpoint
    for text in cell.samples:
        inputs = tokenizer(text, return_tensors="pt")
        tokens = model.generate(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            **cell.spec.sample_params,
        )
        expected = [{"generated_text": tokenizer.decode(tokens[0], skip_special_tokens=True)}]
        cell.assert_equal(cell.run(text), expected)
