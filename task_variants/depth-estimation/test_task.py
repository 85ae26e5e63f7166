"""`depth-estimation` gives what transformers' pipeline gives."""

from __future__ import annotations

from typing import Any

from PIL import Image

TASK = "depth-estimation"


def test_equals_the_pipeline(cell: Any) -> None:
    for image in cell.samples:
        cell.assert_equal(cell.run(image), cell.pipeline(image))


def test_the_map_has_the_size_of_the_image(cell: Any) -> None:
    assert cell.run(cell.samples[0])["depth"].size == Image.open(cell.samples[0]).size
