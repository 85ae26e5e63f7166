"""An image in, the opacity of its foreground out (task `image-matting`)."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import Any

import numpy as np
from PIL import Image

from hf_skillset_runtime.media.image import load_image
from hf_skillset_runtime.media.text import as_fields
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.images import encode_images
from hf_skillset_runtime.tasks.model_outputs import as_model_output


def encode(items: list[Any], image_processor: Any, config: Any) -> Encoded:
    """Load and preprocess images, or `{"image", "trimap"}` for models that need a trimap.

    A trimap is white in the foreground, black in the background and grey if unknown.
    """
    images = [
        item["image"] if isinstance(item, dict) and "image" in item else item for item in items
    ]
    if "trimaps" not in signature(image_processor.preprocess).parameters:
        return encode_images(images, image_processor)
    trimaps = [load_image(as_fields(item, "image", "trimap")[1]).convert("L") for item in items]
    return encode_images(images, image_processor, trimaps=trimaps)


def decode(
    outputs: Mapping[str, np.ndarray], encoded: Encoded, image_processor: Any, config: Any
) -> list[dict[str, Any]]:
    """Per image `alpha`, opacities (height, width) from 0 to 1, and `mask`, an image of them."""
    if hasattr(image_processor, "post_process_image_matting"):
        mattes = image_processor.post_process_image_matting(
            as_model_output(outputs), target_sizes=encoded.context
        )
        alphas = [one["alpha"][0].numpy() for one in mattes]
    else:
        # The images were padded at the right and below.
        alphas = [
            alpha[0, :height, :width]
            for alpha, (height, width) in zip(outputs["alphas"], encoded.context)
        ]
    return [{"alpha": alpha, "mask": as_grey(alpha)} for alpha in alphas]


def as_grey(alpha: np.ndarray) -> Image.Image:
    """Opacities as an image: white is opaque."""
    return Image.fromarray((alpha.clip(0.0, 1.0) * 255.0).round().astype(np.uint8))
