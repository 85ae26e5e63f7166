"""An image in, labels with scores out (task `image-classification`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..inputs.image import load_image
from . import Encoded
from .scores import class_scores, labelled


def encode(images: list[Any], image_processor: Any, config: Any) -> Encoded:
    """Load and preprocess the images."""
    pictures = [load_image(image) for image in images]
    return Encoded(dict(image_processor(images=pictures, return_tensors="np")))


def decode(
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    image_processor: Any,
    config: Any,
    top_k: int = 5,
    function_to_apply: str | None = None,
) -> list[list[dict[str, Any]]]:
    """The `top_k` labels of each image, best first."""
    return [
        labelled(class_scores(logits, config, function_to_apply), config, top_k)
        for logits in outputs["logits"]
    ]
