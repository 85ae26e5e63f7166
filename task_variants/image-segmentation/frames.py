"""An image in, masks by a video model out (task `image-segmentation`)."""

from __future__ import annotations

from typing import Any

from hf_skillset_runtime.media.image import load_image
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.segments import decode

__all__ = ["decode", "encode"]


def encode(images: list[Any], processor: Any, config: Any) -> Encoded:
    """Load and preprocess each image as a video of one frame."""
    loaded = [load_image(image) for image in images]
    inputs = processor(videos=[[image] for image in loaded], return_tensors="pt")
    return Encoded(dict(inputs), context=[(image.height, image.width) for image in loaded])
