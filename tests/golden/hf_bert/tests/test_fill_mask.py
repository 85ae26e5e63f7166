"""`fill-mask` gives what transformers' pipeline gives."""

from __future__ import annotations

from typing import Any

TASK = "fill-mask"


def test_equals_the_pipeline(cell: Any) -> None:
    for text in cell.samples:
        cell.assert_equal(cell.run(text), cell.pipeline(text))
        cell.assert_equal(cell.run(text, top_k=2), cell.pipeline(text, top_k=2))


def test_targets_limit_the_words(cell: Any) -> None:
    words = [answer["token_str"] for answer in cell.run(cell.samples[0], top_k=2)]
    answers = cell.run(cell.samples[0], targets=words[1:])
    assert [answer["token_str"] for answer in answers] == words[1:]
