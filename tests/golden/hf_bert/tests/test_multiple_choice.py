"""`multiple-choice` gives the probabilities that the model's own logits give."""

from __future__ import annotations

from typing import Any

import pytest

TASK = "multiple-choice"


def test_equals_the_model(cell: Any) -> None:
    for sample in cell.samples:
        choices = sample["choices"]
        prompts = [sample["prompt"]] * len(choices)
        rows = cell.opened.processor(prompts, choices, padding=True, return_tensors="pt")
        outputs = cell.model_outputs(**{name: row[None] for name, row in rows.items()})
        answer = cell.run(sample)
        cell.assert_equal(answer["scores"], outputs.logits[0].softmax(-1))
        assert answer["choice"] == choices[answer["index"]]
        assert answer["scores"][answer["index"]] == max(answer["scores"])


def test_no_choices_are_refused(cell: Any) -> None:
    with pytest.raises(ValueError, match="choices"):
        cell.run({"prompt": "It rains.", "choices": []})
