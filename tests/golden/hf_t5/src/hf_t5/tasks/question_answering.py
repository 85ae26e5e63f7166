"""A question and a text in, the part that answers it out (task `question-answering`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from .._runtime.media.text import as_fields, as_text
from .._runtime.tasks.encoded import Encoded
from .._runtime.tasks.scores import softmax


def encode(items: list[Any], tokenizer: Any, config: Any) -> Encoded:
    """Tokenize `{"question", "context"}` pairs, keeping where in the context each token stands."""
    pairs = [as_fields(item, "question", "context") for item in items]
    questions, texts = ([as_text(text) for text in column] for column in zip(*pairs))
    inputs = tokenizer(
        questions,
        texts,
        padding=len(items) > 1,
        truncation="only_second" if within_limit(tokenizer) else False,
        return_offsets_mapping=tokenizer.is_fast,
        return_special_tokens_mask=not tokenizer.is_fast,
        return_tensors="np",
    )
    tensors = dict(inputs)
    if tokenizer.is_fast:
        parts = [inputs.sequence_ids(row) for row in range(len(items))]
        in_context = np.array([[part == 1 for part in row] for row in parts])
        offsets = tensors.pop("offset_mapping")
    else:
        text_tokens = tensors.pop("special_tokens_mask") == 0
        rows = [word_places(*row, tokenizer) for row in zip(questions, texts, text_tokens)]
        in_context, offsets = (np.array(column) for column in zip(*rows))
    return Encoded(tensors, context=(texts, in_context, offsets))


def word_places(
    question: str, text: str, text_tokens: np.ndarray, tokenizer: Any
) -> tuple[np.ndarray, np.ndarray]:
    """For tokenizers written in Python: the context's tokens, and where the word of each stands."""
    places = [
        word.span(1)
        for word in re.finditer(r"\s*(\S+)", text)
        for _ in tokenizer.tokenize(word.group())
    ]
    found = np.flatnonzero(text_tokens)[len(tokenizer.tokenize(question)) :]
    if len(found) > len(places):
        raise ValueError(f"the tokenizer joins words otherwise than word by word: {text!r}")
    in_context, offsets = np.zeros(len(text_tokens), bool), np.zeros((len(text_tokens), 2), int)
    in_context[found], offsets[found] = True, places[: len(found)]
    return in_context, offsets


def within_limit(tokenizer: Any) -> bool:
    """Whether the tokenizer knows the model's longest input."""
    return bool(tokenizer.model_max_length < 1_000_000)


def decode(
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    tokenizer: Any,
    config: Any,
    top_k: int = 1,
    max_answer_len: int = 15,
) -> list[Any]:
    """The best answer of each item (the `top_k` best): `{"score", "start", "end", "answer"}`."""
    results = []
    for row, (text, in_context, offsets) in enumerate(zip(*encoded.context)):
        start, end = (
            softmax(np.where(in_context, outputs[name][row], -np.inf))
            for name in ("start_logits", "end_logits")
        )
        answers = [
            {
                "score": score,
                "start": int(offsets[first][0]),
                "end": int(offsets[last][1]),
                "answer": text[offsets[first][0] : offsets[last][1]],
            }
            for score, first, last in best_spans(start, end, top_k, max_answer_len)
        ]
        results.append(answers[0] if top_k == 1 else answers)
    return results


def best_spans(
    start: np.ndarray, end: np.ndarray, top_k: int, max_answer_len: int
) -> list[tuple[float, int, int]]:
    """The `top_k` spans (score, first token, last token) of at most `max_answer_len` tokens."""
    scores = np.tril(np.triu(np.outer(start, end)), max_answer_len - 1)
    best = np.argsort(-scores, axis=None, kind="stable")[:top_k]
    spans = (np.unravel_index(index, scores.shape) for index in best)
    return [(float(scores[first, last]), int(first), int(last)) for first, last in spans]
