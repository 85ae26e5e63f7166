"""An image with the boxes of its persons in, their joints out (task `pose-estimation`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.media.image import load_image
from hf_skillset_runtime.media.text import as_fields
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.model_outputs import as_model_output


def encode(items: list[Any], image_processor: Any, config: Any) -> Encoded:
    """Crop the persons of images, or of `{"image", "boxes"}` with boxes as x, y, width, height."""
    pairs = [
        as_fields(item, "image", "boxes") if isinstance(item, dict) else (item, None)
        for item in items
    ]
    loaded = [load_image(image) for image, _ in pairs]
    boxes = [
        [[0.0, 0.0, float(one.width), float(one.height)]] if given is None else given
        for one, (_, given) in zip(loaded, pairs)
    ]
    if not all(boxes):
        raise ValueError("expected at least one box per image (x, y, width, height), got none")
    inputs = image_processor(images=loaded, boxes=boxes, return_tensors="pt")
    return Encoded(dict(inputs), context=boxes)


def decode(
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    image_processor: Any,
    config: Any,
    threshold: float | None = None,
) -> list[list[dict[str, Any]]]:
    """Per image and person the joints that score above `threshold`, in the image's pixels."""
    poses: list[list[dict[str, Any]]] = image_processor.post_process_pose_estimation(
        as_model_output(outputs), boxes=encoded.context, threshold=threshold
    )
    return poses
