"""An image in, labelled boxes with scores out (task `object-detection`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.images import encode_images, labelled_boxes
from hf_skillset_runtime.tasks.model_outputs import as_model_output


def encode(images: list[Any], image_processor: Any, config: Any) -> Encoded:
    """Load and preprocess the images."""
    return encode_images(images, image_processor)


def decode(
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    image_processor: Any,
    config: Any,
    threshold: float = 0.5,
) -> list[list[dict[str, Any]]]:
    """The objects of each image that score above `threshold`, boxes in the image's pixels."""
    detections = image_processor.post_process_object_detection(
        as_model_output(outputs), threshold, torch.tensor(encoded.context, dtype=torch.int32)
    )
    return [labelled_boxes(objects, config.id2label) for objects in detections]
