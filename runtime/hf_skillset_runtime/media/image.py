"""Image inputs: a path, a URL, a PIL image or an array."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from transformers.image_utils import load_image as load


def load_image(value: Any) -> Image.Image:
    """An RGB image from a path, an http(s) URL, a PIL image or a uint8 array (height, width, 3).

    Raises:
        TypeError: `value` is none of these.
        ValueError: there is no readable image.
    """
    if isinstance(value, np.ndarray):
        return Image.fromarray(value).convert("RGB")
    if isinstance(value, Path):
        value = str(value)
    if not isinstance(value, (str, Image.Image)):
        raise TypeError(
            "expected an image (path, URL, PIL.Image or uint8 array), got " + type(value).__name__
        )
    image: Image.Image = load(value)
    return image.convert("RGB")
