"""An image in, a mask per region with its label out (task `image-segmentation`)."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import Any

import numpy as np

from hf_skillset_runtime.media.image import load_image
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.model_outputs import as_model_output
from hf_skillset_runtime.tasks.pictures import as_mask, encode_pictures

SUBTASKS = ("panoptic", "instance", "semantic")


def encode(images: list[Any], processor: Any, config: Any, subtask: str | None = None) -> Encoded:
    """Load and preprocess the images; some models are told the subtask in words as well."""
    image_processor = getattr(processor, "image_processor", processor)
    if "pixel_values_videos" in image_processor.model_input_names:
        return encode_as_videos(images, image_processor)
    if not hasattr(config, "task_seq_len"):
        return encode_pictures(images, image_processor)
    encoded = encode_pictures(
        images, image_processor, task_inputs=[subtask or "panoptic"] * len(images)
    )
    words = processor.tokenizer(
        encoded.inputs["task_inputs"],
        padding="max_length",
        max_length=config.task_seq_len,
        return_tensors="pt",
    )
    return Encoded({**encoded.inputs, "task_inputs": words["input_ids"]}, context=encoded.context)


def encode_as_videos(images: list[Any], video_processor: Any) -> Encoded:
    """Preprocess each image as a video of one frame."""
    pictures = [load_image(image) for image in images]
    inputs = video_processor(videos=[[picture] for picture in pictures], return_tensors="pt")
    return Encoded(dict(inputs), context=[(p.height, p.width) for p in pictures])


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
    """The regions of each image; without `subtask` the first of `SUBTASKS` that the model does.

    Raises:
        ValueError: the model does not do that subtask.
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
    found = post_process(results, target_sizes=encoded.context, **options)
    return [segments(picture, config) for picture in found]


def chosen_subtask(subtask: str | None, image_processor: Any) -> str:
    """`subtask`, or by default the first that the image processor can do."""
    able = [
        name for name in SUBTASKS if hasattr(image_processor, f"post_process_{name}_segmentation")
    ]
    if subtask is None:
        return able[0]
    if subtask not in able:
        raise ValueError(f"subtask is one of {', '.join(able)} for this model; got {subtask!r}")
    return subtask


def segments(found: Mapping[str, Any], config: Any) -> list[dict[str, Any]]:
    """The segments of one image with their scores."""
    numbered = found["segmentation"].numpy()
    return [
        {
            "score": segment["score"],
            "label": config.id2label[segment["label_id"]],
            "mask": as_mask(numbered == segment["id"]),
        }
        for segment in found["segments_info"]
    ]


def semantic_regions(labels: np.ndarray, config: Any) -> list[dict[str, Any]]:
    """A region per label in one image's map of labels (height, width); they have no score."""
    return [
        {"score": None, "label": config.id2label[int(label)], "mask": as_mask(labels == label)}
        for label in np.unique(labels)
    ]
