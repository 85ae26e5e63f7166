"""Texts of every length: no token, one, about as many as the model takes, and ten times as many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pytest
from conftest import OpenHandler
from PIL import Image

from hf_skillset_runtime.tasks.limits import longest_text, text_part

pytest.importorskip("torch")

Make = Callable[[Any, str], Any]
LABELS = {"candidate_labels": ["x", "y"]}
SHORT = {"max_new_tokens": 1}
IMAGE = Image.new("RGB", (64, 48), "red")
TRUNCATED = {"truncation": True}


def behind_mask(handler: Any, text: str) -> Any:
    """A text with the mask token before it."""
    return f"{handler.processor.mask_token} {text}"


def in_field(name: str, others: dict[str, Any], handler: Any, text: str) -> Any:
    """An input of several fields with the text in one of them."""
    return {**others, name: text}


@dataclass(frozen=True)
class Case:
    """A task of a model, and what it does with a text that is longer than the model takes."""

    task: str
    model: str
    make: Make = lambda handler, text: text
    """An input with a text in it."""
    options: dict[str, Any] = field(default_factory=dict)
    refuses: str = ""
    """How the error begins behind which the limit stands; empty where longer texts are answered."""
    cut: dict[str, Any] | None = None
    """Options with which a text that is refused is cut; None where the task has none."""


def case(task: str, *models: str, **given: Any) -> list[Case]:
    """The same case for several model types."""
    return [Case(task, model, **given) for model in models]


FIELD = partial(partial, in_field)
CASES = [
    *case("text-classification", "bert", "roberta", "gpt2", refuses="the text", cut=TRUNCATED),
    *case("text-classification", "llama", "t5"),
    *case("feature-extraction", "bert", "gpt2", refuses="the text", cut=TRUNCATED),
    *case("token-classification", "bert", "gpt2", "layoutlm", options={"ignore_labels": []}),
    *case(
        "fill-mask",
        "bert",
        "roberta",
        make=behind_mask,
        refuses="the text",
        cut={"tokenizer_kwargs": TRUNCATED},
    ),
    *case("zero-shot-classification", "bert", "bart", options=LABELS),
    *case("text-encoding", "bert", "clip_text_model"),
    *case("sentence-similarity", "bert", "gpt2"),
    *case("multiple-choice", "bert", make=FIELD("prompt", {"choices": ["x", "y"]})),
    *case("next-sentence-prediction", "bert", make=FIELD("text_pair", {"text": "x"})),
    *case("next-sentence-prediction", "fnet", make=FIELD("text", {"text_pair": "x"})),
    *case("question-answering", "bert", "roberta", make=FIELD("context", {"question": "x"})),
    *case("text2text-generation", "bart", options=SHORT, refuses="the text", cut=TRUNCATED),
    *case("text2text-generation", "t5", options=SHORT),
    *case("text-generation", "gpt2", "opt", options=SHORT, refuses="the text"),
    *case("text-generation", "llama", "fuyu", options=SHORT),
    *case(
        "visual-question-answering",
        "vilt",
        make=FIELD("question", {"image": IMAGE}),
        refuses="the text",
    ),
    *case(
        "table-question-answering",
        "tapas",
        make=FIELD("query", {"table": {"a": ["x"]}}),
        refuses="the question",
    ),
    *case(
        "image-text-to-text",
        "git",
        make=FIELD("text", {"images": IMAGE}),
        options=SHORT,
        refuses="the text",
    ),
]


def tokens_of(handler: Any, item: Any, options: dict[str, Any]) -> int:
    """How many tokens the model is given for an input, in its longest row."""
    encoded = handler.encode([item], **options)
    parts = encoded if isinstance(encoded, list) else [encoded]
    return max(np.shape(part.inputs["input_ids"])[-1] for part in parts)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.task}-{case.model}")
def test_texts_of_every_length(open_handler: OpenHandler, case: Case) -> None:
    handler = open_handler(case.model, case.task)
    tokenizer = getattr(handler.processor, "tokenizer", handler.processor)
    limit = longest_text(tokenizer, text_part(handler.platform.config(handler.endpoint))) or 64
    beside = tokens_of(handler, case.make(handler, "a "), case.options) - 1
    room = limit - beside

    def answer(count: int, **more: Any) -> Any:
        return handler(case.make(handler, "a " * count), **case.options, **more)["result"]

    for count in (1, room - 1, room):
        assert answer(count) is not None
    for count in (room + 1, 10 * limit):
        if not case.refuses:
            assert answer(count) is not None
            continue
        with pytest.raises(ValueError, match=rf"{case.refuses} has .* accepts at most {limit}"):
            answer(count)
        if case.cut is not None:
            assert answer(count, **case.cut) is not None


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.task}-{case.model}")
def test_no_text_is_answered_or_refused(open_handler: OpenHandler, case: Case) -> None:
    handler = open_handler(case.model, case.task)
    try:
        result = handler(case.make(handler, ""), **case.options)["result"]
    except ValueError as error:
        assert "empty" in str(error) or "no token" in str(error)
    else:
        assert result is not None


def test_tokens_to_generate_count_to_the_limit(open_handler: OpenHandler) -> None:
    handler = open_handler("gpt2", "text-generation")
    limit = longest_text(handler.processor, handler.endpoint.config)
    reason = (
        rf"input 1: the text has {limit - 8} tokens, up to 256 are generated, .* at most {limit}"
    )
    with pytest.raises(ValueError, match=reason):
        handler(["a", "a " * (limit - 9)], generate_kwargs={"eos_token_id": None})


def test_a_text_without_tokens_is_refused_in_a_batch(open_handler: OpenHandler) -> None:
    handler = open_handler("gpt2", "text-classification")
    with pytest.raises(ValueError, match="input 1: the text has no token"):
        handler(["a", "", "b"])
