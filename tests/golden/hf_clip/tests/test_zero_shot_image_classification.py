"""`zero-shot-image-classification` gives what transformers' pipeline gives."""

from __future__ import annotations

from typing import Any

import pytest

TASK = "zero-shot-image-classification"


def test_equals_the_pipeline(cell: Any) -> None:
    for image in cell.samples:
        cell.assert_equal(cell.run(image), cell.pipeline(image))


def test_template_makes_the_captions(cell: Any) -> None:
    options = {"candidate_labels": ["a dog", "the sea"], "hypothesis_template": "{} in winter"}
    image = cell.samples[0]
    cell.assert_equal(cell.run(image, **options), cell.pipeline(image, **options))
    with pytest.raises(ValueError, match="hypothesis_template needs"):
        cell.run(image, hypothesis_template="an image")
    with pytest.raises(TypeError, match="list of str"):
        cell.run(image, candidate_labels=[1, 2])
