"""An image and labels in, a score per label out (task `zero-shot-image-classification`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._runtime.tasks.candidate_labels import as_captions, scored_labels
from .._runtime.tasks.encoded import Columns, Encoded
from .._runtime.tasks.image_tokens import behind_image_tokens
from .._runtime.tasks.images import encode_images
from .._runtime.tasks.scores import sigmoid, softmax


def encode(
    images: list[Any],
    processor: Any,
    config: Any,
    facts: Mapping[str, Any],
    candidate_labels: list[str],
    hypothesis_template: str = "This is a photo of {}.",
    tokenizer_kwargs: Mapping[str, Any] | None = None,
) -> Encoded:
    """Preprocess the images, and the labels as captions made with `hypothesis_template`."""
    loaded = encode_images(images, processor.image_processor)
    captions = as_captions(candidate_labels, hypothesis_template)
    options = {"padding": True, **facts.get("text_options", {}), **(tokenizer_kwargs or {})}
    words = processor.tokenizer(captions, return_tensors="pt", **options)
    if facts.get("image_tokens_first"):
        words = behind_image_tokens(words, config)
    columns = Columns(tuple(words), 0, {"logits_per_image": 1})
    return Encoded({**words, **loaded.inputs}, columns=columns)


def decode(
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    processor: Any,
    config: Any,
    facts: Mapping[str, Any],
    candidate_labels: list[str],
) -> list[list[dict[str, Any]]]:
    """The labels of each image, best first: softmax or independent sigmoid scores."""
    logits = outputs["logits_per_image"]
    scores = sigmoid(logits) if facts.get("single_scores") else softmax(logits)
    return [scored_labels(row, candidate_labels) for row in scores]
