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


def test_without_options_equals_the_pipeline_without_sampling(cell: Any) -> None:
    prompt = cell.samples[0]
    expected = cell.pipeline.func(prompt, do_sample=False)
    cell.assert_equal(cell.opened.handler(prompt)["result"], expected)


def test_several_hypotheses_belong_to_their_prompt(cell: Any) -> None:
    beams = {"generate_kwargs": {"num_beams": 2, "num_return_sequences": 2}}
    try:
        single = [cell.run(prompt, **beams) for prompt in cell.samples]
    except (NotImplementedError, ValueError) as error:
        pytest.skip(f"transformers has no beams for this model: {error}"[:120])
    results = cell.run(cell.samples, **beams)
    for prompt, one, alone in zip(cell.samples, results, single):
        assert len(one) == len(alone) == 2
        assert all(answer["generated_text"].startswith(prompt) for answer in one)


def test_continues_a_chat_that_ends_with_the_assistant(cell: Any) -> None:
    if not cell.opened.processor.chat_template:
        pytest.skip("the tokenizer has no chat template")
    question, begun = {"role": "user", "content": "Hello"}, {"role": "assistant", "content": "I am"}
    cell.assert_equal(cell.run([question, begun]), cell.pipeline([question, begun]))


def test_answers_a_chat(cell: Any) -> None:
    if not cell.opened.processor.chat_template:
        pytest.skip("the tokenizer has no chat template")
    chat = [{"role": "user", "content": "Hello"}]
    cell.assert_equal(cell.run(chat), cell.pipeline(chat))
