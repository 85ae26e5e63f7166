# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""Pictures on their way into a vision model, and pictures made of what it gives."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import Any

import numpy as np
from PIL import Image

from ..media.image import load_image
from .encoded import Encoded


def encode_pictures(images: list[Any], image_processor: Any, **options: Any) -> Encoded:
    """Load and preprocess images; the context holds their sizes as (height, width)."""
    pictures = [load_image(image) for image in images]
    inputs = image_processor(images=pictures, return_tensors="pt", **options)
    return Encoded(dict(inputs), context=[(p.height, p.width) for p in pictures])


def encode_arrays(images: list[Any], image_processor: Any) -> dict[str, Any]:
    """Load and preprocess images without torch, unless the image processor knows nothing else."""
    own = signature(image_processor.preprocess).parameters.get("return_tensors")
    kind = own.default if own is not None and own.default else "np"
    pictures = [load_image(image) for image in images]
    return dict(image_processor(images=pictures, return_tensors=kind))


def as_mask(region: np.ndarray) -> Image.Image:
    """A boolean region (height, width) as a picture: 255 inside, 0 outside."""
    return Image.fromarray(region.astype(np.uint8) * 255)


def as_picture(values: np.ndarray) -> Image.Image:
    """Colours (3, height, width) between 0 and 1 as a picture; values beyond are cut off."""
    colours = (values.clip(0.0, 1.0) * 255.0).round().astype(np.uint8)
    return Image.fromarray(colours.transpose(1, 2, 0))


def labelled_boxes(found: Mapping[str, Any], names: Mapping[int, str]) -> list[dict[str, Any]]:
    """What `post_process_object_detection` found in one picture, as the pipelines give it."""
    return [
        {"score": score.item(), "label": names[label.item()], "box": as_box(box)}
        for score, label, box in zip(found["scores"], found["labels"], found["boxes"])
    ]


def as_box(box: Any) -> dict[str, int]:
    """The corners of a box (4,) in whole pixels."""
    return dict(zip(("xmin", "ymin", "xmax", "ymax"), box.int().tolist()))
