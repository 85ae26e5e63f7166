"""Two images in, pairs of points that show the same place out (task `keypoint-matching`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.media.image import load_image
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.model_outputs import as_model_output


def is_batch(inputs: Any) -> bool:
    """Whether a list is a batch of pairs, even with invalid ones; two images are one pair."""
    return isinstance(inputs, list) and (
        not inputs or any(isinstance(item, (list, tuple)) for item in inputs)
    )


def encode(pairs: list[Any], image_processor: Any, config: Any) -> Encoded:
    """Load and preprocess pairs of images."""
    loaded = [[load_image(image) for image in as_pair(pair)] for pair in pairs]
    sizes = [[(image.height, image.width) for image in pair] for pair in loaded]
    return Encoded(dict(image_processor(images=loaded, return_tensors="pt")), context=sizes)


def as_pair(value: Any) -> list[Any]:
    """Two images.

    Raises:
        TypeError: `value` is not a list or tuple.
        ValueError: it does not have two items.
    """
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"expected a pair of images [image, image], got {type(value).__name__}")
    if len(value) != 2:
        raise ValueError(f"expected a pair of images [image, image], got {len(value)} items")
    return list(value)


def decode(
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    image_processor: Any,
    config: Any,
    threshold: float = 0.0,
) -> list[list[dict[str, Any]]]:
    """The matches of each pair that score above `threshold`, best first, in pixels."""
    pairs = image_processor.post_process_keypoint_matching(
        as_model_output(outputs), target_sizes=encoded.context, threshold=threshold
    )
    return [sorted(matches(pair), key=lambda match: match["score"], reverse=True) for pair in pairs]


def matches(pair: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The matches of one pair of images."""
    return [
        {"keypoint_image_0": as_point(one), "keypoint_image_1": as_point(other), "score": score}
        for one, other, score in zip(
            pair["keypoints0"], pair["keypoints1"], pair["matching_scores"].tolist()
        )
    ]


def as_point(position: Any) -> dict[str, float]:
    """A position (2,) as `{"x", "y"}`."""
    return dict(zip("xy", position.tolist()))
