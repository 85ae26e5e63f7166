"""`image-classification` gives what transformers' pipeline gives."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

TASK = "image-classification"


def test_equals_the_pipeline(cell: Any) -> None:
    for image in cell.samples:
        cell.assert_equal(cell.run(image), cell.pipeline(image))


def test_takes_paths_pictures_and_arrays(cell: Any) -> None:
    path = cell.samples[0]
    picture = Image.open(path)
    expected = cell.run(path)
    cell.assert_equal(cell.run(picture), expected)
    cell.assert_equal(cell.run(np.asarray(picture)), expected)
