"""`token-classification` gives what transformers' pipeline gives."""

from __future__ import annotations

from typing import Any

TASK = "token-classification"


def test_equals_the_pipeline(cell: Any) -> None:
    for text in cell.samples:
        cell.assert_equal(cell.run(text), cell.pipeline(text))


def test_groups_as_the_pipeline_does(cell: Any) -> None:
    text, options = cell.samples[0], {"aggregation_strategy": "simple"}
    cell.assert_equal(cell.run(text, **options), cell.pipeline(text, **options))
