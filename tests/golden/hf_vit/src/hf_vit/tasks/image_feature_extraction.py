"""An image in, its features out (task `image-feature-extraction`)."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import Any

import numpy as np

from .._runtime.tasks.encoded import Encoded
from .._runtime.tasks.images import encode_images

IMAGE_SIZES = {"image_grid_thw", "image_sizes", "num_soft_tokens_per_image", "target_sizes"}
"""Outputs of image processors for models that pack the patches of all images in one row."""


def encode(images: list[Any], image_processor: Any, config: Any) -> list[Encoded]:
    """Load and preprocess the images: one call for all, or one each if the model packs patches."""
    mixes = IMAGE_SIZES.intersection(image_processor.model_input_names)
    groups = [[image] for image in images] if mixes else [images]
    return [
        Encoded(
            forward_inputs(encode_images(group, image_processor).inputs, config),
            context=len(group),
        )
        for group in groups
    ]


def forward_inputs(tensors: Mapping[str, Any], config: Any) -> Mapping[str, Any]:
    """The tensors that the model accepts, by parameter name of its forward.

    A vision tower has `hidden_states` and `grid_thw` for `pixel_values` and `image_grid_thw` of
    the processor of the whole model.
    """
    if set(tensors) == {"pixel_values"}:
        return tensors
    from transformers import MODEL_MAPPING

    takes = signature(MODEL_MAPPING[type(config)].forward).parameters
    named = {}
    for name, tensor in tensors.items():
        forms = [name, name.removeprefix("image_"), name.replace("image_", "pixel_")]
        if name == "pixel_values":
            forms.append("hidden_states")
        if form := next((form for form in forms if form in takes), None):
            named[form] = tensor
    return named


def decode(
    outputs: list[Mapping[str, np.ndarray]],
    encoded: list[Encoded],
    image_processor: Any,
    config: Any,
    pool: bool = False,
) -> list[Any]:
    """Per image the hidden states (else the first output) (1, ...), or the pooled one with `pool`.

    Models that pack the patches of all images in one row return (patches, ...), backbones their
    last feature map.

    Raises:
        ValueError: `pool` with a model that has no pooled output.
    """
    results: list[Any] = []
    for call_outputs, run in zip(outputs, encoded):
        if pool and "pooler_output" not in call_outputs:
            raise ValueError("this model has no pooled output; call without pool")
        features = call_outputs["pooler_output" if pool else features_name(call_outputs)]
        if isinstance(features, tuple):  # a backbone's maps
            features = features[-1]
        results += [image.tolist() for image in np.split(features, run.context)]
    return results


def features_name(outputs: Mapping[str, Any]) -> str:
    """The name of the output with the features, which is not always the first."""
    return "last_hidden_state" if "last_hidden_state" in outputs else next(iter(outputs))
