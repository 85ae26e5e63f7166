"""`document-question-answering` gives what transformers' pipeline gives."""

from __future__ import annotations

from inspect import signature
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

TASK = "document-question-answering"


def skip_without_the_image(cell: Any) -> None:
    """Skip where the pipeline (5.23) hands on no image: it supports one input name only."""
    if "pixel_values" in signature(cell.opened.endpoint.forward).parameters:
        pytest.skip("the pipeline does not hand this model the image of the page")


def test_equals_the_pipeline(cell: Any) -> None:
    skip_without_the_image(cell)
    for item in cell.samples:
        for options in ({}, {"top_k": 3}, {"handle_impossible_answer": True, "top_k": 2}):
            cell.assert_equal(cell.run(item, **options), cell.pipeline(item, **options))


def test_long_pages_equal_the_pipeline(cell: Any) -> None:
    skip_without_the_image(cell)
    item = cell.samples[0]
    page = {**item, "word_boxes": item["word_boxes"] * 12}
    options = {"max_seq_len": 48, "doc_stride": 16, "top_k": 3}
    cell.assert_equal(cell.run(page, **options), cell.pipeline(page, **options))


def test_a_short_window_has_a_smaller_overlap(cell: Any) -> None:
    item = cell.samples[0]
    page = {**item, "word_boxes": item["word_boxes"] * 12}
    assert cell.run(page, max_seq_len=20)
    with pytest.raises(ValueError, match=r"doc_stride .* has to be smaller"):
        cell.run(page, max_seq_len=20, doc_stride=19)


def test_the_answer_has_the_best_start_and_end_of_the_model(cell: Any) -> None:
    item = cell.samples[0]
    words = [word for word, _ in item["word_boxes"]]
    (answer,) = cell.run(item, max_answer_len=1)
    assert answer["answer"] == words[answer["start"]]
    assert answer["start"] == answer["end"]
    assert 0.0 < answer["score"] <= 1.0


def test_equals_the_best_span_of_the_model(cell: Any) -> None:
    for item in cell.samples:
        page = {**item, "word_boxes": item["word_boxes"] * 12}
        for request, options in ((item, {}), (page, {"max_seq_len": 48})):
            expected = best_scores(cell, request, **options)
            result = cell.run(request, top_k=3, **options)
            cell.assert_equal(result[0]["score"], max(expected))
            cell.assert_equal(cell.run(request, **options)[0], result[0])
            words = [word for word, _ in request["word_boxes"]]
            for answer in result:
                assert answer["answer"] == " ".join(words[answer["start"] : answer["end"] + 1])


def best_scores(cell: Any, item: Any, **options: Any) -> list[float]:
    """The score of the best span of at most 15 tokens in each piece of a page."""
    (call,) = read(cell, item, **options)
    outputs = cell.model_outputs(**call.inputs)
    scores = []
    for piece, ids in enumerate(call.context["word_ids"]):
        able = on_page(call, piece)
        able[0] = True  # no answer
        start, end = (
            torch.where(able, logits[piece], -torch.inf).softmax(-1).double().numpy()
            for logits in (outputs.start_logits[:, : len(ids)], outputs.end_logits[:, : len(ids)])
        )
        start[0] = end[0] = 0.0
        scores.append(float(np.tril(np.triu(np.outer(start, end)), 14).max()))
    return scores


def read(cell: Any, item: Any, **options: Any) -> Any:
    """What the task makes of one page."""
    opened = cell.opened
    return cell.spec.module.encode([item], opened.processor, opened.endpoint.config, **options)


def on_page(call: Any, piece: int) -> torch.Tensor:
    """Which tokens of a piece are words of the page: those with a box and a word."""
    has_word = torch.tensor([word is not None for word in call.context["word_ids"][piece]])
    return call.inputs["bbox"][piece].any(-1) & has_word


def test_pieces_of_a_long_page_overlap(cell: Any) -> None:
    item = cell.samples[0]
    (call,) = read(cell, {**item, "word_boxes": item["word_boxes"] * 12}, max_seq_len=48)
    count = len(call.context["word_ids"])
    words = [np.array(ids)[on_page(call, i)] for i, ids in enumerate(call.context["word_ids"])]
    assert count > 1 and all(len(set(a) & set(b)) > 1 for a, b in pairwise(words))


def test_items_need_an_image_and_a_question(cell: Any) -> None:
    with pytest.raises(ValueError, match="'question' is missing"):
        cell.run({"image": cell.samples[0]["image"]})
