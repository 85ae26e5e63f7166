"""`protein-text-to-text` gives what the model's own `generate` gives."""

from __future__ import annotations

from typing import Any

import pytest

TASK = "protein-text-to-text"


def test_equals_generate(cell: Any) -> None:
    processor, model = cell.opened.processor, cell.opened.endpoint
    for sample in cell.samples:
        chat = [{"role": "user", "content": sample["text"]}]
        inputs = processor(proteins=[sample["protein"]], messages_list=[chat])
        tokens = model.generate(**inputs, **cell.spec.sample_params)
        (text,) = processor.tokenizer.batch_decode(tokens, skip_special_tokens=True)
        cell.assert_equal(cell.run(sample), [{"generated_text": text}])
        cell.assert_equal(cell.run({**sample, "text": chat}), cell.run(sample))


def test_a_protein_without_structure_is_refused(cell: Any) -> None:
    with pytest.raises(ValueError, match="foldseek"):
        cell.run({"protein": {"aa_seq": "MKTA"}, "text": "What is it?"})
