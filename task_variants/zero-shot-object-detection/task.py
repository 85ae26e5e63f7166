"""An image and words in, boxes of what they name out (task `zero-shot-object-detection`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from . import Encoded
from .candidate_labels import as_labels
from .label_runs import encode_label_runs
from .model_outputs import as_model_output
from .pictures import as_box


def encode(
    images: list[Any], processor: Any, config: Any, candidate_labels: str | list[str]
) -> list[Encoded]:
    """Preprocess the images and the labels: the model looks for one label at a time."""
    return encode_label_runs(images, processor, candidate_labels)


def decode(
    outputs: list[Mapping[str, np.ndarray]],
    encoded: list[Encoded],
    processor: Any,
    config: Any,
    candidate_labels: str | list[str],
    threshold: float = 0.1,
    top_k: int | None = None,
) -> list[list[dict[str, Any]]]:
    """What was found of each label in each image, best first; at most `top_k`."""
    sizes = torch.tensor(encoded[0].context, dtype=torch.int32)
    results: list[list[dict[str, Any]]] = [[] for _ in sizes]
    for label, found in zip(as_labels(candidate_labels), outputs):
        pictures = processor.image_processor.post_process_object_detection(
            as_model_output(found), threshold=threshold, target_sizes=sizes
        )
        for result, picture in zip(results, pictures):
            result += detections(label, picture)
    return [
        sorted(result, key=lambda one: one["score"], reverse=True)[:top_k] for result in results
    ]


def detections(label: str, picture: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What was found of one label in one image."""
    return [
        {"score": score, "label": label, "box": as_box(box)}
        for score, box in zip(picture["scores"].tolist(), picture["boxes"])
        if score
    ]
