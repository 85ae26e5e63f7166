"""An image in, labels with scores out (task `image-classification`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.media.image import load_image
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.pictures import encode_arrays
from hf_skillset_runtime.tasks.scores import class_scores, labelled, ranked


def encode(images: list[Any], image_processor: Any, config: Any) -> Encoded:
    """Load and preprocess the images; for a judge of pictures, a row for each of its policies."""
    if policies := getattr(image_processor, "policy_definitions", None):
        pictures = [[load_image(image)] for image in images]
        inputs = image_processor(images=pictures, return_tensors="pt")
        return Encoded(dict(inputs), context=list(policies))
    return Encoded(encode_arrays(images, image_processor))


def decode(
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    image_processor: Any,
    config: Any,
    top_k: int = 5,
    function_to_apply: str | None = None,
) -> list[list[dict[str, Any]]]:
    """The `top_k` labels of each image, best first; a judge's labels are its policies.

    The score of a policy is the probability that the picture violates it.
    """
    if encoded.context:
        rows = outputs["probabilities"][:, 0].reshape(-1, len(encoded.context))
        return [ranked(scores, encoded.context, top_k) for scores in rows]
    # PP-LCNet names its logits so.
    rows = outputs["logits"] if "logits" in outputs else outputs["last_hidden_state"]
    return [
        labelled(class_scores(logits, config, function_to_apply), config, top_k) for logits in rows
    ]
