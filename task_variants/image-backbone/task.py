"""An image in, the feature maps of a network's stages out (task `image-backbone`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.images import encode_images


def encode(images: list[Any], image_processor: Any, config: Any) -> Encoded:
    """Load and preprocess the images."""
    return encode_images(images, image_processor)


def decode(
    outputs: Mapping[str, np.ndarray], encoded: Encoded, image_processor: Any, config: Any
) -> list[dict[str, Any]]:
    """Per image `feature_maps`, an array (channels, height, width) per stage, and `stages`."""
    return [
        {"feature_maps": list(maps), "stages": list(config.out_features)}
        for maps in zip(*outputs["feature_maps"])
    ]
