"""An image in, the position in space of every pixel out (task `pointmap-estimation`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.images import encode_images
from hf_skillset_runtime.tasks.model_outputs import as_model_output


def encode(images: list[Any], image_processor: Any, config: Any) -> Encoded:
    """Load and preprocess the images."""
    return encode_images(images, image_processor)


def decode(
    outputs: Mapping[str, np.ndarray], encoded: Encoded, image_processor: Any, config: Any
) -> list[dict[str, Any]]:
    """Per image `pointmap`: positions (3, height, width), in metres for metric models."""
    pointmaps: list[dict[str, Any]] = image_processor.post_process_pointmap_estimation(
        as_model_output(outputs), source_sizes=encoded.context
    )
    return pointmaps
