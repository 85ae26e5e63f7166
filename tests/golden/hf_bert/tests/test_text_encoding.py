"""`text-encoding` gives what the transformers model itself gives."""

from __future__ import annotations

from typing import Any

TASK = "text-encoding"


def test_equals_the_model(cell: Any) -> None:
    for text in cell.samples:
        outputs = cell.model_outputs(**cell.opened.processor(text, return_tensors="pt"))
        result = cell.run(text)
        cell.assert_equal(result["last_hidden_state"], outputs.last_hidden_state[0])
        assert ("pooler_output" in result) == (outputs.get("pooler_output") is not None)
        if "pooler_output" in result:
            cell.assert_equal(result["pooler_output"], outputs.pooler_output[0])


def test_cuts_long_texts(cell: Any) -> None:
    assert len(cell.run(cell.samples[0], max_length=4)["last_hidden_state"]) == 4
