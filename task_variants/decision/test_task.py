"""`decision` gives what transformers' pipeline gives."""

from __future__ import annotations

from typing import Any

TASK = "decision"


def test_equals_the_pipeline(cell: Any) -> None:
    for request in cell.samples:
        cell.assert_equal(cell.run(request), cell.pipeline(request))


def test_answers_several_questions(cell: Any) -> None:
    questions = {
        "refund": {"type": "noul", "instructions": "Is a refund requested?"},
        "anger": {"type": "score", "instructions": "How angry?", "criteria": ["calm", "angry"]},
    }
    request = {"state": "I want my money back.", "questions": questions}
    result = cell.run(request)
    assert list(result) == list(questions)
    cell.assert_equal(result, cell.pipeline(request))
    cell.assert_equal(cell.run(request["state"], questions=questions), result)
