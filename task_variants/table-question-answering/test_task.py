"""`table-question-answering` gives what transformers' pipeline gives."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

TASK = "table-question-answering"


def test_equals_the_pipeline(cell: Any) -> None:
    for sample in cell.samples:
        cell.assert_equal(cell.run(sample), cell.pipeline(dict(sample)))


def test_several_questions_give_several_answers(cell: Any) -> None:
    sample = {**cell.samples[0], "query": ["How many pears?", "How many apples are there?"]}
    results = cell.run(sample)
    assert len(results) == 2
    cell.assert_equal(results, cell.pipeline(dict(sample)))


def test_takes_columns_rows_and_frames(cell: Any) -> None:
    sample = cell.samples[0]
    frame = pd.DataFrame(sample["table"])
    expected = cell.run(sample)
    for table in (frame, frame.to_dict("records")):
        cell.assert_equal(cell.run({**sample, "table": table}), expected)


def test_a_long_table_loses_its_last_rows(cell: Any) -> None:
    table = {"fruit": ["apple"] * 400, "count": ["3"] * 400}
    result = cell.run({"query": "How many apples?", "table": table})
    (call,) = encoded(cell, {"query": "How many apples?", "table": table})
    limit = cell.opened.endpoint.config.max_position_embeddings
    assert call.inputs["input_ids"].shape[1] <= limit
    assert all(0 <= row < 400 for row, _ in result["coordinates"])


def test_aggregations_are_chosen_and_named(cell: Any) -> None:
    task, (call,) = cell.spec.module, encoded(cell, cell.samples[0])
    shape = call.inputs["input_ids"].shape
    outputs = {"logits": np.full(shape, 9.0, "float32")}
    outputs["logits_aggregation"] = np.array([[0.0, 3.0, 1.0]] * shape[0], "float32")
    (cells,), (aggregation,) = task.predictions(outputs, call, cell.opened.processor)
    assert aggregation == 1 and cells
    config = SimpleNamespace(aggregation_labels={0: "NONE", 1: "SUM"}, no_aggregation_label_index=0)
    table = call.context[0]
    summed = task.answer(table, cells, aggregation, config)
    plain = task.answer(table, cells, 0, config)
    assert (summed["aggregator"], plain["aggregator"]) == ("SUM", "NONE")
    assert summed["answer"] == f"SUM > {plain['answer']}"
    assert plain["answer"] == ", ".join(plain["cells"])


def encoded(cell: Any, sample: Any) -> Any:
    """What the task makes of one input."""
    opened = cell.opened
    return cell.spec.module.encode([sample], opened.processor, opened.endpoint.config)


def test_no_table_is_refused(cell: Any) -> None:
    with pytest.raises(TypeError, match="expected a table"):
        cell.run({"query": "How many?", "table": 3})
