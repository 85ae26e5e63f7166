"""Image inputs: a path, a URL, base64, bytes, a PIL image or an array."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from transformers.image_utils import load_image as load

DEEP_MODES = ("I", "F")
"""Modes of PIL with values above 255: 32-bit integers and floats, and `I;16`."""
EXPECTED = "an image (path, URL, base64, bytes, PIL.Image or array)"


def load_image(value: Any) -> Image.Image:
    """An RGB image.

    Args:
        value: a path, an http(s) URL, base64, the bytes of a file, a PIL image, or an array
            (height, width), (height, width, 1), (height, width, 3) or (height, width, 4): uint8,
            uint16 (0..65535), boolean, or floats from 0 to 1.

    Raises:
        TypeError: `value` is none of these.
        ValueError: the image cannot be read, or values are out of range for their dtype.
    """
    if isinstance(value, np.ndarray):
        return from_array(value).convert("RGB")
    if isinstance(value, Path):
        value = str(value)
    if isinstance(value, bytes):
        value = opened(BytesIO(value))
    if not isinstance(value, (str, Image.Image)):
        raise TypeError(f"expected {EXPECTED}, got {type(value).__name__}")
    return eight_bits(readable(value)).convert("RGB")


def opened(file: BytesIO) -> Image.Image:
    """The image in the bytes of a file, rotated according to its EXIF data."""
    try:
        return ImageOps.exif_transpose(Image.open(file))
    except (UnidentifiedImageError, OSError) as error:
        raise ValueError(f"cannot read an image from these bytes: {error}") from error


def readable(value: str | Image.Image) -> Image.Image:
    """An image loaded as in transformers, but not yet converted to 8 bits per channel."""
    try:
        if isinstance(value, str) and Path(value).is_file():
            return ImageOps.exif_transpose(Image.open(value))
        if isinstance(value, Image.Image):
            return ImageOps.exif_transpose(value)
        image: Image.Image = load(value)
        return image
    except (UnidentifiedImageError, OSError, ValueError) as error:
        named = value if isinstance(value, str) else type(value).__name__
        raise ValueError(
            f"cannot read an image from {named[:80]!r}: {error}; expected {EXPECTED}"
        ) from error


def from_array(values: np.ndarray) -> Image.Image:
    """An array as an image, with values scaled to 0..255."""
    shape = values.shape
    if values.ndim == 3 and shape[2] == 1:
        values = values[:, :, 0]
    if (
        values.ndim not in (2, 3)
        or (values.ndim == 3 and values.shape[2] not in (3, 4))
        or 0 in shape
    ):
        raise ValueError(
            f"expected an image array (height, width) or (height, width, 1, 3 or 4), got {shape}"
        )
    return Image.fromarray(as_bytes(values))


def as_bytes(values: np.ndarray) -> np.ndarray:
    """Values of an image or a video as uint8 (0..255), scaled by the range of their dtype.

    Raises:
        TypeError: the values are neither integers, floats nor booleans.
        ValueError: floats outside of 0..1, or integers that fit neither 0..255 nor their type.
    """
    if values.dtype == np.uint8:
        return values
    if values.dtype == bool:
        return values.astype(np.uint8) * 255
    if values.dtype == np.uint16:
        return np.rint(values / 257).astype(np.uint8)
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
    if values.dtype.kind in "iu":
        if low < 0 or high > 255:
            raise ValueError(
                f"{values.dtype} values from {low:.0f} to {high:.0f}: ambiguous range; use"
                " uint8 (0..255), uint16 (0..65535) or floats from 0 to 1"
            )
        return values.astype(np.uint8)
    if values.dtype.kind != "f":
        raise TypeError(f"expected numbers, got an array of {values.dtype}")
    if not (np.isfinite(low) and np.isfinite(high)) or low < 0 or high > 1:
        raise ValueError(
            f"float values from {low:g} to {high:g}: use floats from 0 to 1, or uint8 (0..255)"
        )
    return (values * 255.0).round().astype(np.uint8)


def eight_bits(image: Image.Image) -> Image.Image:
    """An image with at most 8 bits per channel; 16-bit values are scaled.

    PIL itself would clip values above 255.
    """
    if image.mode.startswith("I;16"):
        return Image.fromarray(as_bytes(np.asarray(image).astype(np.uint16)))
    if image.mode not in DEEP_MODES:
        return image
    values = np.asarray(image)
    if image.mode == "I" and values.size and values.min() >= 0 and values.max() > 255:
        if values.max() <= 65535:  # the mode of many 16-bit files in PIL
            return Image.fromarray(as_bytes(values.astype(np.uint16)))
    return Image.fromarray(as_bytes(values))
