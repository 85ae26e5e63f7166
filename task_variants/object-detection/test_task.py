"""`object-detection` gives what transformers' pipeline gives."""

from __future__ import annotations

from typing import Any

TASK = "object-detection"


def test_equals_the_pipeline(cell: Any) -> None:
    for image in cell.samples:
        cell.assert_equal(cell.run(image), cell.pipeline(image))


def test_threshold_leaves_out_low_scores(cell: Any) -> None:
    image = cell.samples[0]
    scores = sorted(answer["score"] for answer in cell.run(image))
    middle = scores[len(scores) // 2]
    cell.assert_equal(cell.run(image, threshold=middle), cell.pipeline(image, threshold=middle))
    assert all(answer["score"] > middle for answer in cell.run(image, threshold=middle))
