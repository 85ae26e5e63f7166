"""`feature-extraction` gives what the transformers model itself gives."""

from __future__ import annotations

from typing import Any

TASK = "feature-extraction"


def test_equals_the_model(cell: Any) -> None:
    config = cell.opened.endpoint.config
    for text in cell.samples:
        inputs = cell.opened.processor(text, return_tensors="pt")
        if config.is_encoder_decoder:
            states = cell.opened.endpoint.get_encoder()(**inputs).last_hidden_state
        else:
            states = cell.model_outputs(**inputs)[0]
        cell.assert_equal(cell.run(text), states)
