"""An image in, the policies that it violates out (task `image-classification`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.media.image import load_image
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.scores import ranked


def encode(images: list[Any], processor: Any, config: Any) -> Encoded:
    """A row for each image and policy."""
    loaded = [[load_image(image)] for image in images]
    inputs = processor(images=loaded, return_tensors="pt")
    return Encoded(dict(inputs), context=list(processor.policy_definitions))


def decode(
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    processor: Any,
    config: Any,
    top_k: int = 5,
    function_to_apply: str | None = None,
) -> list[list[dict[str, Any]]]:
    """The `top_k` policies of each image, best first.

    The score of a policy is the probability that the image violates it.

    Raises:
        ValueError: `function_to_apply` is set: the model returns probabilities, not logits.
    """
    if function_to_apply is not None:
        raise ValueError("this model returns probabilities: call without function_to_apply")
    rows = outputs["probabilities"][:, 0].reshape(-1, len(encoded.context))
    return [ranked(scores, encoded.context, top_k) for scores in rows]
