"""An image with hidden patches in, the rebuilt image out (task `masked-image-modeling`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._runtime.tasks.encoded import Encoded
from .._runtime.tasks.images import encode_images


def encode(
    images: list[Any],
    image_processor: Any,
    config: Any,
    mask_ratio: float = 0.5,
    seed: int = 0,
) -> Encoded:
    """Load and preprocess the images and mask the fraction `mask_ratio` of each one's patches."""
    if not 0.0 <= mask_ratio <= 1.0:
        raise ValueError(f"expected mask_ratio between 0 and 1; got {mask_ratio}")
    loaded = encode_images(images, image_processor)
    height, width = loaded.inputs["pixel_values"].shape[-2:]
    grid = (height // config.patch_size, width // config.patch_size)
    hidden = np.arange(grid[0] * grid[1]) < round(mask_ratio * grid[0] * grid[1])
    mask = np.random.default_rng(seed).permutation(hidden)
    masks = np.tile(mask, (len(images), 1))
    return Encoded({**loaded.inputs, "bool_masked_pos": masks}, context=mask.reshape(grid))


def decode(
    outputs: Mapping[str, np.ndarray], encoded: Encoded, image_processor: Any, config: Any
) -> list[dict[str, Any]]:
    """Per image `reconstruction` (channels, height, width) and `mask` (rows, columns)."""
    return [
        {"reconstruction": pixels, "mask": encoded.context} for pixels in outputs["reconstruction"]
    ]
