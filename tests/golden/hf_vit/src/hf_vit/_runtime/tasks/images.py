# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""Images on their way into a vision model, and images made of what it gives."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import Any

import numpy as np
from PIL import Image

from ..media.image import load_image
from .encoded import Encoded


def load(value: Any, processor: Any) -> Image.Image:
    """An RGB image; every processor takes it as it is."""
    return load_image(value)


def chat_part(image: Image.Image, processor: Any) -> dict[str, Any]:
    """An image as a part of a chat's message."""
    return {"type": "image", "image": image}


def encode_images(images: list[Any], image_processor: Any, **options: Any) -> Encoded:
    """Load and preprocess images; the context holds their sizes as (height, width)."""
    loaded = [load_image(image) for image in images]
    inputs = image_processor(images=loaded, return_tensors="pt", **options)
    return Encoded(dict(inputs), context=[(p.height, p.width) for p in loaded])


def encode_arrays(images: list[Any], image_processor: Any) -> dict[str, Any]:
    """Load and preprocess images without torch, unless the image processor knows nothing else."""
    own = signature(image_processor.preprocess).parameters.get("return_tensors")
    kind = own.default if own is not None and own.default else "np"
    loaded = [load_image(image) for image in images]
    return dict(image_processor(images=loaded, return_tensors=kind))


def as_mask(region: np.ndarray) -> Image.Image:
    """A boolean region (height, width) as an image: 255 inside, 0 outside."""
    return Image.fromarray(region.astype(np.uint8) * 255)


def as_image(values: np.ndarray) -> Image.Image:
    """Colours (3, height, width) between 0 and 1 as an image; values beyond are cut off."""
    colours = (values.clip(0.0, 1.0) * 255.0).round().astype(np.uint8)
    return Image.fromarray(colours.transpose(1, 2, 0))


def labelled_boxes(found: Mapping[str, Any], names: Mapping[int, str]) -> list[dict[str, Any]]:
    """What `post_process_object_detection` found in one image, as the pipelines give it."""
    return [
        {"score": score.item(), "label": names[label.item()], "box": as_box(box)}
        for score, label, box in zip(found["scores"], found["labels"], found["boxes"])
    ]


def as_box(box: Any) -> dict[str, int]:
    """The corners of a box (4,) in whole pixels."""
    return dict(zip(("xmin", "ymin", "xmax", "ymax"), box.int().tolist()))
