# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Loading and preprocessing of images, and images made from model outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from ..media.image import load_image
from .encoded import Encoded


def load(value: Any, processor: Any) -> Image.Image:
    """An RGB image; independent of `processor`."""
    return load_image(value)


def chat_part(image: Image.Image, processor: Any) -> dict[str, Any]:
    """An image as a content part of a chat message."""
    return {"type": "image", "image": image}


def encode_images(images: list[Any], image_processor: Any, **options: Any) -> Encoded:
    """Load and preprocess images.

    Args:
        options: further arguments of the image processor.

    Returns:
        The image processor's torch tensors; the context has the sizes (height, width) in pixels.

    Raises:
        TypeError, ValueError: an item is not an image; see `load_image`.
    """
    loaded = [load_image(image) for image in images]
    inputs = image_processor(images=loaded, return_tensors="pt", **options)
    return Encoded(dict(inputs), context=[(p.height, p.width) for p in loaded])


def as_mask(region: np.ndarray) -> Image.Image:
    """A boolean region (height, width) as an 8-bit image: 255 inside, 0 outside."""
    return Image.fromarray(region.astype(np.uint8) * 255)


def as_image(values: np.ndarray) -> Image.Image:
    """Colours (3, height, width), floats from 0 to 1, as an RGB image; other values are clipped."""
    colours = (values.clip(0.0, 1.0) * 255.0).round().astype(np.uint8)
    return Image.fromarray(colours.transpose(1, 2, 0))


def labelled_boxes(detections: Mapping[str, Any], names: Mapping[int, str]) -> list[dict[str, Any]]:
    """Detections in one image, in the form of the pipelines.

    Args:
        detections: tensors of `post_process_object_detection`: `scores` (objects,), `labels`
            (objects,), `boxes` (objects, 4) as x and y of two corners, in pixels.
        names: label id -> label.
    """
    return [
        {"score": score.item(), "label": names[label.item()], "box": as_box(box)}
        for score, label, box in zip(
            detections["scores"], detections["labels"], detections["boxes"]
        )
    ]


def as_box(box: Any) -> dict[str, int]:
    """The corners of a box, a tensor (4,) of pixels, truncated to integers."""
    return dict(zip(("xmin", "ymin", "xmax", "ymax"), box.int().tolist()))
