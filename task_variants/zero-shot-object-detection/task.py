"""An image and candidate labels in, boxes out (task `zero-shot-object-detection`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from hf_skillset_runtime.media.image import load_image
from hf_skillset_runtime.tasks.candidate_labels import as_labels
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.images import as_box
from hf_skillset_runtime.tasks.label_runs import encode_label_runs
from hf_skillset_runtime.tasks.model_outputs import as_model_output


def encode(
    images: list[Any], processor: Any, config: Any, candidate_labels: str | list[str]
) -> list[Encoded]:
    """Preprocess the images and the labels: most models take one label per call."""
    if not takes_all_labels(processor):
        return encode_label_runs(images, processor, candidate_labels)
    loaded = [load_image(image) for image in images]
    texts = [as_labels(candidate_labels)] * len(images)
    inputs = processor(images=loaded, text=texts, return_tensors="pt")
    return [Encoded(dict(inputs), context=[(one.height, one.width) for one in loaded])]


def takes_all_labels(processor: Any) -> bool:
    """Whether the model takes all labels in one call."""
    return "classes_input_ids" in processor.model_input_names


def decode(
    outputs: list[Mapping[str, np.ndarray]],
    encoded: list[Encoded],
    processor: Any,
    config: Any,
    candidate_labels: str | list[str],
    threshold: float = 0.1,
    top_k: int | None = None,
) -> list[list[dict[str, Any]]]:
    """The detections of each label in each image, best first; at most `top_k`."""
    sizes = torch.tensor(encoded[0].context, dtype=torch.int32)
    labels = as_labels(candidate_labels)
    results: list[list[dict[str, Any]]] = [[] for _ in sizes]
    if takes_all_labels(processor):
        loaded = processor.post_process_grounded_object_detection(
            as_model_output(outputs[0]), [labels] * len(sizes), threshold, target_sizes=sizes
        )
        results = [detections(item["text_labels"], item) for item in loaded]
    else:
        for label, call_outputs in zip(labels, outputs):
            loaded = processor.image_processor.post_process_object_detection(
                as_model_output(call_outputs), threshold=threshold, target_sizes=sizes
            )
            for result, item in zip(results, loaded):
                result += detections([label] * len(item["scores"]), item)
    return [
        sorted(result, key=lambda one: one["score"], reverse=True)[:top_k] for result in results
    ]


def detections(labels: list[str], item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The detections in one image, each with its label."""
    return [
        {"score": score, "label": label, "box": as_box(box)}
        for score, label, box in zip(item["scores"].tolist(), labels, item["boxes"])
        if score
    ]
