"""A question and a text in, the answer span out (task `question-answering`).

transformers 5 has no such pipeline; parameters and results follow that of 4.57.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from transformers.pipelines.document_question_answering import select_starts_ends

from .._runtime.media.text import as_fields, as_text
from .._runtime.tasks.encoded import Encoded, pads
from .._runtime.tasks.padding import padded
from .._runtime.tasks.text_pieces import Piece, pieces_of

NO_NULL_SCORE = 1000000


def encode(
    items: list[Any],
    tokenizer: Any,
    config: Any,
    doc_stride: int | None = None,
    max_seq_len: int | None = None,
    max_question_len: int = 64,
    rows_pad: bool = True,
) -> list[Encoded]:
    """Tokenize `{"question", "context"}` pairs: one row per window of a long context.

    Raises:
        ValueError: a question or a context is empty, a question leaves no tokens for its context,
            or `doc_stride` is larger than `max_seq_len`.
    """
    longest = max_seq_len or min(tokenizer.model_max_length, 384)
    overlap = min(longest // 2, 128) if doc_stride is None else doc_stride
    if overlap > longest:
        raise ValueError(f"doc_stride ({overlap}) is larger than max_seq_len ({longest})")
    pieces: list[Piece] = []
    for place, item in enumerate(items):
        pair = [as_text(text) for text in as_fields(item, "question", "context")]
        for name, text in zip(("question", "context"), pair):
            if not text.strip():
                raise ValueError(f"the {name} is empty; it needs at least one word")
        pieces += pieces_of(place, pair[0], pair[1], tokenizer, longest, overlap, max_question_len)
    calls = [pieces] if rows_pad and pads(tokenizer) else [[piece] for piece in pieces]
    return [
        Encoded(padded([piece.inputs for piece in call], tokenizer), context=(call, len(items)))
        for call in calls
    ]


def decode(
    outputs: list[Mapping[str, np.ndarray]],
    encoded: list[Encoded],
    tokenizer: Any,
    config: Any,
    top_k: int = 1,
    max_answer_len: int = 15,
    handle_impossible_answer: bool = False,
    align_to_words: bool = True,
) -> list[Any]:
    """The best answer of each item, a list of the `top_k` best: `{score, start, end, answer}`."""
    if top_k < 1 or max_answer_len < 1:
        raise ValueError(
            f"expected top_k and max_answer_len of at least 1; got {top_k}, {max_answer_len}"
        )
    options = {
        "top_k": top_k * 2 + 10 if align_to_words else top_k,
        "max_answer_len": max_answer_len,
        "handle_impossible_answer": handle_impossible_answer,
    }
    spans: list[dict[str, dict[str, Any]]] = [{} for _ in range(encoded[0].context[1])]
    null_scores = [float(NO_NULL_SCORE)] * len(spans)
    for call, request in zip(outputs, encoded):
        for row, piece in enumerate(request.context[0]):
            window, place = slice(0, len(piece.answers)), piece.item
            starts, ends, scores, null_scores[place] = select_starts_ends(
                call["start_logits"][row : row + 1, window].astype(np.float32),
                call["end_logits"][row : row + 1, window].astype(np.float32),
                (~piece.answers).astype(int),
                None,
                min_null_score=null_scores[place],
                **options,
            )
            for first, last, score in zip(starts, ends, scores):
                add(spans[place], piece, int(first), int(last), float(score), align_to_words)
    results = []
    for answers, null_score in zip(spans, null_scores):
        given = list(answers.values())
        if handle_impossible_answer:
            given.append({"score": null_score, "start": 0, "end": 0, "answer": ""})
        best = sorted(given, key=lambda answer: answer["score"], reverse=True)[:top_k]
        results.append(best[0] if len(best) == 1 else best)
    return results


def add(
    answers: dict[str, dict[str, Any]],
    piece: Piece,
    first: int,
    last: int,
    score: float,
    align_to_words: bool,
) -> None:
    """Add one span to the answers of an item; scores of equal spans are summed."""
    start, end = piece.characters(first, last, align_to_words)
    text = piece.context[start:end]
    if (duplicate := answers.get(text.lower())) is not None:
        duplicate["score"] += score
    else:
        answers[text.lower()] = {"score": score, "start": start, "end": end, "answer": text}
