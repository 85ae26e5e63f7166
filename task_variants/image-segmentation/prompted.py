"""An image and a subtask in, masks out (task `image-segmentation`)."""

from __future__ import annotations

from typing import Any

from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.images import encode_images
from hf_skillset_runtime.tasks.segments import decode

__all__ = ["decode", "encode"]


def encode(images: list[Any], processor: Any, config: Any, subtask: str | None = None) -> Encoded:
    """Load and preprocess the images, and tokenize the subtask (panoptic by default)."""
    task_inputs = [subtask or "panoptic"] * len(images)
    encoded = encode_images(images, processor.image_processor, task_inputs=task_inputs)
    words = processor.tokenizer(
        encoded.inputs["task_inputs"],
        padding="max_length",
        max_length=config.task_seq_len,
        return_tensors="pt",
    )
    return Encoded({**encoded.inputs, "task_inputs": words["input_ids"]}, context=encoded.context)
