"""`text-classification` gives what transformers' pipeline gives."""

from __future__ import annotations

from typing import Any

TASK = "text-classification"


def test_equals_the_pipeline(cell: Any) -> None:
    for text in cell.samples:
        cell.assert_equal(cell.run(text), cell.pipeline(text))
        cell.assert_equal(cell.run(text, top_k=None), cell.pipeline(text, top_k=None))


def test_takes_pairs(cell: Any) -> None:
    pair = {"text": "A boat.", "text_pair": "A ship."}
    cell.assert_equal(cell.run(pair), [cell.pipeline(pair)])
