"""An image in, its points of interest with descriptors out (task `keypoint-detection`)."""

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
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    image_processor: Any,
    config: Any,
    threshold: float = 0.0,
) -> list[dict[str, Any]]:
    """Per image the `keypoints` (x, y in its pixels) that score above `threshold`.

    `scores` and `descriptors` have a row for each of them.
    """
    keypoints = image_processor.post_process_keypoint_detection(
        as_model_output(outputs), encoded.context
    )
    return [
        {name: values[points["scores"] > threshold] for name, values in points.items()}
        for points in keypoints
    ]
