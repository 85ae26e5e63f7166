"""An image and labels in, a score per label out (task `zero-shot-image-classification`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from . import Encoded
from .candidate_labels import as_captions, scored_labels
from .pictures import encode_pictures
from .scores import sigmoid, softmax


def encode(
    images: list[Any],
    processor: Any,
    config: Any,
    candidate_labels: list[str],
    hypothesis_template: str = "This is a photo of {}.",
    tokenizer_kwargs: Mapping[str, Any] | None = None,
) -> Encoded:
    """Preprocess the images, and the labels as captions made with `hypothesis_template`."""
    pictures = encode_pictures(images, processor.image_processor)
    captions = as_captions(candidate_labels, hypothesis_template)
    padding = {"padding": True}
    if "siglip" in config.model_type:
        padding = {"padding": "max_length", "max_length": 64, "truncation": True}
    words = processor.tokenizer(
        captions, return_tensors="pt", **{**padding, **(tokenizer_kwargs or {})}
    )
    return Encoded({**words, **pictures.inputs})


def decode(
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    processor: Any,
    config: Any,
    candidate_labels: list[str],
) -> list[list[dict[str, Any]]]:
    """The labels of each image, best first: probabilities, except with SigLIP's single scores."""
    logits = outputs["logits_per_image"]
    scores = sigmoid(logits) if "siglip" in config.model_type else softmax(logits)
    return [scored_labels(row, candidate_labels) for row in scores]
