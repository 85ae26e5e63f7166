"""An image in, a mask per region with its label out (task `image-segmentation`)."""

from __future__ import annotations

from typing import Any

from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.images import encode_images
from hf_skillset_runtime.tasks.segments import decode

__all__ = ["decode", "encode"]


def encode(images: list[Any], processor: Any, config: Any) -> Encoded:
    """Load and preprocess the images."""
    return encode_images(images, getattr(processor, "image_processor", processor))
