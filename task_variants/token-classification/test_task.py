"""`token-classification` gives what transformers' pipeline gives."""

from __future__ import annotations

from typing import Any

import pytest

TASK = "token-classification"


def test_equals_the_pipeline(cell: Any) -> None:
    for text in cell.samples:
        cell.assert_equal(cell.run(text), cell.pipeline(text))


def test_long_texts_equal_the_pipeline(cell: Any) -> None:
    tokenizer = cell.opened.processor
    if not 0 < tokenizer.model_max_length < 10_000:
        pytest.skip("the tokenizer does not know how long a text may be")
    text = " ".join(cell.samples) + " "
    text *= 1 + tokenizer.model_max_length // len(tokenizer.tokenize(text))
    cell.assert_equal(cell.run(text), cell.pipeline(text))
    if tokenizer.is_fast:
        options = {"aggregation_strategy": "simple", "stride": 4}
        cell.assert_equal(cell.run(text, **options), cell.pipeline(text, **options))


def test_groups_as_the_pipeline_does(cell: Any) -> None:
    text, options = cell.samples[0], {"aggregation_strategy": "simple"}
    cell.assert_equal(cell.run(text, **options), cell.pipeline(text, **options))


def test_labels_are_ignored_as_the_pipeline_does(cell: Any) -> None:
    text = cell.samples[0]
    options = {"ignore_labels": [cell.run(text)[0]["entity"]]}
    result = cell.run(text, **options)
    assert options["ignore_labels"][0] not in {entity["entity"] for entity in result}
    cell.assert_equal(result, cell.pipeline(text, **options))
