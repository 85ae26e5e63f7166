"""The number of embeddings per image: measured on the tiny model, then set in the processor."""

from __future__ import annotations

import copy
import inspect
import math
import re
from typing import Any

import numpy as np
import torch
from PIL import Image
from transformers import PreTrainedConfig

from hf_skillset_templates.registry.sources.model_classes import class_names, model_class
from hf_skillset_templates.tiny.configs import first_value

from .image_processors import VISION, image_side

# What processors call the number of embeddings of one image (or one tile of it).
COUNTS = (
    "image_seq_len",
    "image_seq_length",
)
# Some count the patches of one tile instead, and work out the rest themselves.
PATCHES = "num_image_tokens"
ASKED = re.compile(r"image_processor(\.|, \")image_seq_length")


def image_token_settings(
    model_type: str, config: PreTrainedConfig, processor_class: type, image_processor: Any
) -> dict[str, int]:
    """The number under the name that the processor's constructor has for it.

    Some processors read it from their image processor: it is set there.
    """
    parameters = inspect.signature(processor_class).parameters
    name = next((name for name in COUNTS if name in parameters), None)
    if PATCHES in parameters:
        return {PATCHES: patch_count(config)}
    asks = ASKED.search(inspect.getsource(processor_class)) is not None
    if name is None and not asks:
        return {}
    try:
        count = measured_count(model_type, config, image_processor)
    except Exception:  # not measurable here: the model checks the prompt itself
        count = None
    count = count or patch_count(config)
    if asks:
        image_processor.image_seq_length = count
    return {name: count} if name else {}


def patch_count(config: PreTrainedConfig) -> int:
    """Patches of an image of the model's size."""
    patch = first_value(config, ("patch_size",), VISION) or 1
    patch = max(patch) if isinstance(patch, (list, tuple)) else patch
    return (image_side(config) // patch) ** 2


def measured_count(model_type: str, config: PreTrainedConfig, image_processor: Any) -> int | None:
    """Embeddings per image or tile, as the model's vision tower returns them."""
    classes = (model_class(name) for name in class_names(model_type))
    wanted = next((cls for cls in classes if hasattr(cls, "get_image_features")), None)
    if wanted is None:
        return None
    model = wanted(copy.deepcopy(config)).eval()
    encoded = image_processor(image(), return_tensors="pt")
    accepted = inspect.signature(model.get_image_features).parameters
    arguments = {name: value for name, value in encoded.items() if name in accepted}
    with torch.no_grad():
        features = model.get_image_features(**arguments)
    features = getattr(features, "pooler_output", features)
    features = [features] if isinstance(features, torch.Tensor) else features
    rows = sum(feature.numel() // feature.shape[-1] for feature in features)
    tiles = math.prod(encoded["pixel_values"].shape[:-3])
    return int(rows // tiles)


def image(width: int = 64, height: int = 48) -> Image.Image:
    """A colourful image: two gradients and a bright square."""
    pixels = np.zeros((height, width, 3), dtype=np.uint8)
    pixels[..., 0] = np.linspace(0, 255, width, dtype=np.uint8)
    pixels[..., 1] = np.linspace(0, 255, height, dtype=np.uint8)[:, None]
    pixels[height // 4 : height // 2, width // 4 : width // 2, 2] = 255
    return Image.fromarray(pixels)
