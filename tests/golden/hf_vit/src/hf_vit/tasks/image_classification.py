"""An image in, labels with scores out (task `image-classification`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._runtime.tasks.encoded import Encoded
from .._runtime.tasks.images import encode_images
from .._runtime.tasks.scores import class_scores, labelled


def encode(images: list[Any], image_processor: Any, config: Any) -> Encoded:
    """Load and preprocess the images."""
    return encode_images(images, image_processor)


def decode(
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    image_processor: Any,
    config: Any,
    top_k: int = 5,
    function_to_apply: str | None = None,
) -> list[list[dict[str, Any]]]:
    """The `top_k` labels of each image, best first."""
    # PP-LCNet names its logits so.
    rows = outputs["logits"] if "logits" in outputs else outputs["last_hidden_state"]
    return [
        labelled(class_scores(logits, config, function_to_apply), config, top_k) for logits in rows
    ]
