"""`image-segmentation` gives what transformers' pipeline gives, for each subtask."""

from __future__ import annotations

from typing import Any

import pytest

TASK = "image-segmentation"


def test_equals_the_pipeline(cell: Any) -> None:
    for image in cell.samples:
        cell.assert_equal(cell.run(image), cell.pipeline(image))


@pytest.mark.parametrize("subtask", ["semantic", "instance", "panoptic"])
def test_subtasks_equal_the_pipeline(cell: Any, subtask: str) -> None:
    image = cell.samples[0]
    processor = cell.opened.processor
    able = getattr(processor, "image_processor", processor)
    if subtask == "instance" and getattr(able, "class_info_file", "") is None:
        pytest.skip("a OneFormer image processor tells things from stuff by its list of classes")
    if hasattr(able, f"post_process_{subtask}_segmentation"):
        cell.assert_equal(cell.run(image, subtask=subtask), cell.pipeline(image, subtask=subtask))
    else:
        with pytest.raises(ValueError, match="subtask is one of"):
            cell.run(image, subtask=subtask)
