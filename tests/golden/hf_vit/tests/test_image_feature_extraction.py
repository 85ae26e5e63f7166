"""`image-feature-extraction` gives what transformers' pipeline gives."""

from __future__ import annotations

from typing import Any

TASK = "image-feature-extraction"


def test_equals_the_pipeline(cell: Any) -> None:
    for image in cell.samples:
        cell.assert_equal(cell.run(image), cell.pipeline(image))
