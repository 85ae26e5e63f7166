"""An image in, the surface normal of every pixel out (task `normal-estimation`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.images import as_image, encode_images
from hf_skillset_runtime.tasks.model_outputs import as_model_output


def encode(images: list[Any], image_processor: Any, config: Any) -> Encoded:
    """Load and preprocess the images."""
    return encode_images(images, image_processor)


def decode(
    outputs: Mapping[str, np.ndarray], encoded: Encoded, image_processor: Any, config: Any
) -> list[dict[str, Any]]:
    """Per image `predicted_normals` (3, height, width) and `normals`, an image of them."""
    # The name of this argument differs between image processors: passed by position.
    normals = image_processor.post_process_normal_estimation(
        as_model_output(outputs), encoded.context
    )
    return [
        {
            "predicted_normals": one["normals"],
            "normals": as_image((one["normals"].numpy() + 1.0) / 2.0),
        }
        for one in normals
    ]
