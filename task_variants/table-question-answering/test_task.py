"""`table-question-answering` gives what transformers' pipeline gives."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

TASK = "table-question-answering"


def test_equals_the_pipeline(cell: Any) -> None:
    for sample in cell.samples:
        cell.assert_equal(cell.run(sample), cell.pipeline(dict(sample)))


def test_several_questions_give_several_answers(cell: Any) -> None:
    sample = {**cell.samples[0], "query": ["How many pears?", "How many apples are there?"]}
    found = cell.run(sample)
    assert len(found) == 2
    cell.assert_equal(found, cell.pipeline(dict(sample)))


def test_takes_columns_rows_and_frames(cell: Any) -> None:
    sample = cell.samples[0]
    frame = pd.DataFrame(sample["table"])
    expected = cell.run(sample)
    for table in (frame, frame.to_dict("records")):
        cell.assert_equal(cell.run({**sample, "table": table}), expected)


def test_no_table_is_refused(cell: Any) -> None:
    with pytest.raises(TypeError, match="expected a table"):
        cell.run({"query": "How many?", "table": 3})
