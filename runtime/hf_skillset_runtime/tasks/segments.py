"""Segments of images, as in transformers' image-segmentation pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import Any

import numpy as np

from .encoded import Encoded
from .images import as_mask
from .model_outputs import as_model_output

SUBTASKS = ("panoptic", "instance", "semantic")


def decode(
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    processor: Any,
    config: Any,
    subtask: str | None = None,
    threshold: float = 0.9,
    mask_threshold: float = 0.5,
    overlap_mask_area_threshold: float = 0.5,
) -> list[list[dict[str, Any]]]:
    """The segments of each image; `subtask` defaults to the first supported one of `SUBTASKS`.

    Raises:
        ValueError: the model does not support that subtask.
    """
    image_processor = getattr(processor, "image_processor", processor)
    subtask = chosen_subtask(subtask, image_processor)
    post_process = getattr(image_processor, f"post_process_{subtask}_segmentation")
    results = as_model_output(outputs)
    if subtask == "semantic":
        maps = post_process(results, target_sizes=encoded.context)
        return [semantic_regions(labels.numpy(), config) for labels in maps]
    options = {
        "threshold": threshold,
        "mask_threshold": mask_threshold,
        "overlap_mask_area_threshold": overlap_mask_area_threshold,
    }
    taken = signature(post_process).parameters
    options = {name: value for name, value in options.items() if name in taken}
    segmentations = post_process(results, target_sizes=encoded.context, **options)
    return [segments(image, config) for image in segmentations]


def chosen_subtask(subtask: str | None, image_processor: Any) -> str:
    """`subtask`, or by default the first that the image processor supports."""
    able = [
        name for name in SUBTASKS if hasattr(image_processor, f"post_process_{name}_segmentation")
    ]
    if subtask is None:
        return able[0]
    if subtask not in able:
        raise ValueError(
            f"expected subtask as one of {', '.join(able)} for this model; got {subtask!r}"
        )
    return subtask


def segments(segmentation: Mapping[str, Any], config: Any) -> list[dict[str, Any]]:
    """The segments of one image with their scores.

    Args:
        segmentation: `segmentation`, a tensor (height, width) of segment ids, and `segments_info`.

    Returns:
        `{"score", "label", "mask"}` of each segment; the mask is an 8-bit image of 0 and 255.
    """
    numbered = segmentation["segmentation"].numpy()
    return [
        {
            "score": segment["score"],
            "label": config.id2label[segment["label_id"]],
            "mask": as_mask(numbered == segment["id"]),
        }
        for segment in segmentation["segments_info"]
    ]


def semantic_regions(labels: np.ndarray, config: Any) -> list[dict[str, Any]]:
    """A segment per label of one image's label map (height, width), integers; scores are None."""
    return [
        {"score": None, "label": config.id2label[int(label)], "mask": as_mask(labels == label)}
        for label in np.unique(labels)
    ]
