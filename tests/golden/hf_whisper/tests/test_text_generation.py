"""`text-generation` gives what transformers' pipeline gives."""

from __future__ import annotations

from typing import Any

import pytest

TASK = "text-generation"


def test_equals_the_pipeline(cell: Any) -> None:
    for prompt in cell.samples:
        cell.assert_equal(cell.run(prompt), cell.pipeline(prompt))


def test_gives_the_continuation_alone(cell: Any) -> None:
    (full,), (new,) = (cell.run(cell.samples[0], return_full_text=full) for full in (True, False))
    assert full["generated_text"] == cell.samples[0] + new["generated_text"]


def test_answers_a_chat(cell: Any) -> None:
    if not cell.opened.processor.chat_template:
        pytest.skip("the tokenizer has no chat template")
    chat = [{"role": "user", "content": "Hello"}]
    cell.assert_equal(cell.run(chat), cell.pipeline(chat))
