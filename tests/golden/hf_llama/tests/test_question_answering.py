"""`question-answering` picks the span that the model's own logits favour most.

The numbers of transformers 4.57's pipeline, the last that had one, are compared in the template's
own tests.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

TASK = "question-answering"


@pytest.mark.parametrize("longest", [1, 2, 15, 40])
def test_equals_the_best_span_of_the_model(cell: Any, longest: int) -> None:
    for sample in cell.samples:
        (call,) = encoded(cell, sample)
        (piece,) = call.context[0]
        tensors = {name: torch.as_tensor(rows) for name, rows in call.inputs.items()}
        outputs = cell.model_outputs(**tensors)
        start, end = (
            np.where(piece.answers, logits[0].numpy(), -np.inf)
            for logits in (outputs.start_logits, outputs.end_logits)
        )
        start, end = np.exp(start) / np.exp(start).sum(), np.exp(end) / np.exp(end).sum()
        start[0] = end[0] = 0.0
        score = np.tril(np.triu(np.outer(start, end)), longest - 1).max()
        answer = cell.run(sample, align_to_words=False, max_answer_len=longest)
        cell.assert_equal(answer["score"], float(score))
        assert answer["answer"] == sample["context"][answer["start"] : answer["end"]]


def test_the_best_answer_comes_first(cell: Any) -> None:
    for sample in cell.samples:
        answers = cell.run(sample, top_k=3, align_to_words=False)
        scores = [answer["score"] for answer in answers]
        assert len(scores) > 1 and scores == sorted(scores, reverse=True)


def test_the_scores_of_the_same_words_add_up(cell: Any) -> None:
    (call,) = encoded(cell, cell.samples[0])
    (piece,) = call.context[0]
    place = int(np.flatnonzero(piece.answers)[-1])
    answers: dict[str, dict[str, Any]] = {}
    for score in (0.25, 0.5):
        cell.spec.module.add(answers, piece, place, place, score, True)
    assert [answer["score"] for answer in answers.values()] == [0.75]


def test_answers_are_whole_words(cell: Any) -> None:
    for sample in cell.samples:
        answer = cell.run(sample)
        words = set(sample["context"].replace(".", " ").split())
        assert set(answer["answer"].replace(".", " ").split()) <= words


def test_reads_a_long_context_to_its_end(cell: Any) -> None:
    sample = cell.samples[0]
    calls = encoded(cell, {**sample, "context": sample["context"] * 30}, max_seq_len=48)
    pieces = [piece for call in calls for piece in call.context[0]]
    read = {place for piece in pieces for start, end in piece.places for place in range(start, end)}
    assert max(read) >= 30 * len(sample["context"]) - 2
    assert max(len(piece.answers) for piece in pieces) <= 48
    spans = [piece.places[piece.answers & (piece.places[:, 1] > 0)] for piece in pieces]
    assert all(
        len(set(map(tuple, one)) & set(map(tuple, other))) > 1 for one, other in pairwise(spans)
    )


def test_empty_texts_are_refused(cell: Any) -> None:
    with pytest.raises(ValueError, match="the context is empty"):
        cell.run({"question": "Who?", "context": " "})


def encoded(cell: Any, sample: Any, **options: Any) -> Any:
    """What the task makes of one input."""
    config = cell.opened.endpoint.config
    return cell.spec.module.encode([sample], cell.opened.processor, config, **options)
