"""`image-segmentation` gives what transformers' pipeline gives, for each subtask."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image

TASK = "image-segmentation"


def test_equals_the_pipeline(cell: Any) -> None:
    for image in cell.samples:
        cell.assert_equal(cell.run(image), expected(cell, image))


def expected(cell: Any, image: str) -> Any:
    """The pipeline's regions; of a model of videos, which has no pipeline, the processor's."""
    processor = cell.opened.processor
    if "pixel_values_videos" not in getattr(processor, "model_input_names", ()):
        return cell.pipeline(image)
    one = Image.open(image).convert("RGB")
    inputs = processor(videos=[[one]], return_tensors="pt")
    (segmentation,) = processor.post_process_panoptic_segmentation(
        cell.model_outputs(**inputs), [(one.height, one.width)], 0.0, 0.5, 0.5
    )
    names = cell.opened.endpoint.config.id2label
    return [
        {
            "score": segment["score"],
            "label": names[segment["label_id"]],
            "mask": Image.fromarray(
                255 * (segmentation["segmentation"] == segment["id"]).byte().numpy()
            ),
        }
        for segment in segmentation["segments_info"]
    ]


@pytest.mark.parametrize("subtask", ["semantic", "instance", "panoptic"])
def test_subtasks_equal_the_pipeline(cell: Any, subtask: str) -> None:
    image = cell.samples[0]
    processor = cell.opened.processor
    able = getattr(processor, "image_processor", processor)
    if "pixel_values_videos" in able.model_input_names:
        assert isinstance(cell.run(image, subtask=subtask), list)
        return
    if subtask == "instance" and getattr(able, "class_info_file", "") is None:
        pytest.skip("a OneFormer image processor tells things from stuff by its list of classes")
    if hasattr(able, f"post_process_{subtask}_segmentation"):
        cell.assert_equal(cell.run(image, subtask=subtask), cell.pipeline(image, subtask=subtask))
    else:
        with pytest.raises(ValueError, match="expected subtask as one of"):
            cell.run(image, subtask=subtask)
