"""An image in, the depth of its pixels out (task `depth-estimation`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.images import encode_images
from hf_skillset_runtime.tasks.model_outputs import as_model_output


def encode(images: list[Any], image_processor: Any, config: Any) -> Encoded:
    """Load and preprocess the images."""
    return encode_images(images, image_processor)


def decode(
    outputs: Mapping[str, np.ndarray], encoded: Encoded, image_processor: Any, config: Any
) -> list[dict[str, Any]]:
    """Per image `predicted_depth`, a tensor of its size, and `depth`, the same as an image."""
    # The name of this argument differs between image processors: passed by position.
    processed = image_processor.post_process_depth_estimation(
        as_model_output(outputs), encoded.context
    )
    return [
        {"predicted_depth": depths["predicted_depth"], "depth": as_grey(depths["predicted_depth"])}
        for depths in processed
    ]


def as_grey(depths: Any) -> Image.Image:
    """Depths (height, width) from the smallest (black) to the largest (white)."""
    values = depths.numpy()
    scaled = (values - values.min()) / (values.max() - values.min())
    return Image.fromarray((scaled * 255).astype("uint8"))
