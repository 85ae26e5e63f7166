"""`zero-shot-classification` gives what transformers' pipeline gives."""

from __future__ import annotations

from typing import Any

import pytest

TASK = "zero-shot-classification"


def by_label(result: dict[str, Any]) -> dict[str, float]:
    return dict(zip(result["labels"], result["scores"]))


@pytest.mark.parametrize("options", [{}, {"multi_label": True}, {"candidate_labels": "rain"}])
def test_equals_the_pipeline(cell: Any, options: dict[str, Any]) -> None:
    for text in cell.samples:
        actual, expected = cell.run(text, **options), cell.pipeline(text, **options)
        assert actual["sequence"] == expected["sequence"]
        assert actual["scores"] == sorted(actual["scores"], reverse=True)
        cell.assert_equal(by_label(actual), by_label(expected))


def test_a_template_without_a_place_for_the_label_is_refused(cell: Any) -> None:
    with pytest.raises(ValueError, match="hypothesis_template"):
        cell.run(cell.samples[0], hypothesis_template="no place")
