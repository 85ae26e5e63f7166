"""An image in, its features out (task `image-feature-extraction`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..inputs.image import load_image
from . import Encoded


def encode(images: list[Any], image_processor: Any, config: Any) -> Encoded:
    """Load and preprocess the images."""
    pictures = [load_image(image) for image in images]
    return Encoded(dict(image_processor(images=pictures, return_tensors="np")))


def decode(
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    image_processor: Any,
    config: Any,
    pool: bool = False,
) -> list[Any]:
    """Per image the model's first output (1, ...), or its pooled one with `pool`.

    Raises:
        ValueError: `pool` with a model that has no pooled output.
    """
    if pool and "pooler_output" not in outputs:
        raise ValueError("this model has no pooled output; call without pool")
    features = outputs["pooler_output"] if pool else next(iter(outputs.values()))
    return [[row.tolist()] for row in features]
