"""An image and candidate labels in, masks out (task `zero-shot-image-segmentation`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from torch.nn.functional import interpolate

from hf_skillset_runtime.tasks.candidate_labels import as_labels
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.images import as_box, as_mask
from hf_skillset_runtime.tasks.label_runs import encode_label_runs
from hf_skillset_runtime.tasks.model_outputs import as_model_output


def encode(
    images: list[Any], processor: Any, config: Any, candidate_labels: str | list[str]
) -> list[Encoded]:
    """Preprocess the images and the labels: the model takes one label per call."""
    return encode_label_runs(images, processor, candidate_labels)


def decode(
    outputs: list[Mapping[str, np.ndarray]],
    encoded: list[Encoded],
    processor: Any,
    config: Any,
    candidate_labels: str | list[str],
    threshold: float = 0.3,
    mask_threshold: float = 0.5,
) -> list[list[dict[str, Any]]]:
    """The regions of each label in each image, best first.

    Instance segmentation models return the instances above `threshold`, each with its `box`; the
    others return one region per label, scored by its highest probability.
    """
    finds_instances = hasattr(processor, "post_process_instance_segmentation")
    sizes = encoded[0].context
    results: list[list[dict[str, Any]]] = [[] for _ in sizes]
    for label, call_outputs in zip(as_labels(candidate_labels), outputs):
        given = as_model_output(call_outputs)
        if finds_instances:
            loaded = processor.post_process_instance_segmentation(
                given, threshold, mask_threshold, sizes
            )
            regions = [instances(label, image) for image in loaded]
        else:
            regions = [
                [region(label, logits, size, mask_threshold)]
                for logits, size in zip(given.logits, sizes)
            ]
        for result, several in zip(results, regions):
            result += several
    return [sorted(result, key=lambda one: one["score"], reverse=True) for result in results]


def instances(label: str, image: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The instances of one label in one image."""
    return [
        {"score": score, "label": label, "mask": as_mask(mask.numpy() > 0), "box": as_box(box)}
        for score, mask, box in zip(image["scores"].tolist(), image["masks"], image["boxes"])
    ]


def region(label: str, logits: Any, size: tuple[int, int], mask_threshold: float) -> dict[str, Any]:
    """The mask of a label's logits (height, width), resized to the image, above the threshold."""
    stretched = interpolate(logits[None, None], size=size, mode="bilinear", align_corners=False)
    probabilities = stretched[0, 0].sigmoid().numpy()
    mask = as_mask(probabilities > mask_threshold)
    return {"score": float(probabilities.max()), "label": label, "mask": mask}
