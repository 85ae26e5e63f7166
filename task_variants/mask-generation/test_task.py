"""`mask-generation` gives what transformers' pipeline gives."""

from __future__ import annotations

from typing import Any

import pytest

TASK = "mask-generation"


def test_equals_the_pipeline(cell: Any) -> None:
    for image in cell.samples:
        cell.assert_equal(cell.run(image), cell.pipeline(image))


def test_equals_the_pipeline_with_crops_and_extras(cell: Any) -> None:
    options = {
        "crops_n_layers": 1,
        "points_per_batch": 3,
        "output_rle_mask": True,
        "output_bboxes_mask": True,
    }
    image = cell.samples[0]
    cell.assert_equal(cell.run(image, **options), cell.pipeline(image, **options))


def test_refuses_no_points(cell: Any) -> None:
    with pytest.raises(ValueError, match="points_per_batch"):
        cell.run(cell.samples[0], points_per_batch=0)
