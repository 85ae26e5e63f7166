"""`document-question-answering` gives what transformers' pipeline gives."""

from __future__ import annotations

from inspect import signature
from typing import Any

import pytest

TASK = "document-question-answering"


def skip_without_the_image(cell: Any) -> None:
    """Skip where the pipeline (5.23) hands on no image: it knows but one name for it."""
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


def test_the_answer_has_the_best_start_and_end_of_the_model(cell: Any) -> None:
    item = cell.samples[0]
    words = [word for word, _ in item["word_boxes"]]
    (answer,) = cell.run(item, max_answer_len=1)
    assert answer["answer"] == words[answer["start"]]
    assert answer["start"] == answer["end"]
    assert 0.0 < answer["score"] <= 1.0


def test_items_need_an_image_and_a_question(cell: Any) -> None:
    with pytest.raises(ValueError, match="'question' is missing"):
        cell.run({"image": cell.samples[0]["image"]})
