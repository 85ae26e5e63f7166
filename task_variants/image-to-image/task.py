"""An image in, a changed image out, such as a larger one (task `image-to-image`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.images import as_image, encode_images


def encode(images: list[Any], image_processor: Any, config: Any) -> Encoded:
    """Load and preprocess the images."""
    return encode_images(images, image_processor)


def decode(
    outputs: Mapping[str, np.ndarray], encoded: Encoded, image_processor: Any, config: Any
) -> list[dict[str, Any]]:
    """Per image `image`, `config.upscale` times its size: padding is cropped."""
    return [
        {"image": as_image(pixels[:, : height * config.upscale, : width * config.upscale])}
        for pixels, (height, width) in zip(outputs["reconstruction"], encoded.context)
    ]
