"""An image in, masks of everything in it out (task `mask-generation`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from hf_skillset_runtime.media.image import load_image
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.model_outputs import as_model_output


@dataclass(frozen=True)
class Crop:
    """The crop of an image that a call of the model belongs to; sizes are (height, width)."""

    image: int
    box: torch.Tensor
    original_size: list[int]
    reshaped_size: list[int] | None
    full_size: list[int]


def encode(
    images: list[Any],
    image_processor: Any,
    config: Any,
    points_per_batch: int | None = 64,
    points_per_crop: int = 32,
    crops_n_layers: int = 0,
    crop_overlap_ratio: float = 0.3413333333333333,  # 512 / 1500
    crop_n_points_downscale_factor: int = 1,
) -> list[Encoded]:
    """Prompt each image and its crops with a grid of points: one call per `points_per_batch`."""
    if points_per_batch is not None and points_per_batch <= 0:
        raise ValueError(
            f"expected points_per_batch of at least 1, or None for all; got {points_per_batch}"
        )
    size = image_processor.size
    runs = []
    for number, image in enumerate(images):
        boxes, points, crops, labels = image_processor.generate_crop_boxes(
            load_image(image),
            size.get("longest_edge", size.get("height")),
            crops_n_layers,
            crop_overlap_ratio,
            points_per_crop,
            crop_n_points_downscale_factor,
        )
        inputs = image_processor(images=crops, return_tensors="pt")
        originals, reshaped = inputs["original_sizes"], inputs.get("reshaped_input_sizes")
        step = points_per_batch or points.shape[1]
        for c, pixels in enumerate(inputs["pixel_values"]):
            crop = Crop(
                image=number,
                box=boxes[c],
                original_size=originals[c].tolist(),
                reshaped_size=None if reshaped is None else reshaped[c].tolist(),
                full_size=originals[0].tolist(),
            )
            runs += [
                Encoded(
                    {
                        "pixel_values": pixels[None],
                        "input_points": points[:, start : start + step, c : c + 1],
                        "input_labels": labels[:, start : start + step, c : c + 1],
                    },
                    context=crop,
                )
                for start in range(0, points.shape[1], step)
            ]
    return runs


def decode(
    outputs: list[Mapping[str, np.ndarray]],
    encoded: list[Encoded],
    image_processor: Any,
    config: Any,
    mask_threshold: float = 0.0,
    pred_iou_thresh: float = 0.88,
    stability_score_thresh: float = 0.95,
    stability_score_offset: int = 1,
    crops_nms_thresh: float = 0.7,
    output_rle_mask: bool = False,
    output_bboxes_mask: bool = False,
) -> list[dict[str, Any]]:
    """The masks of each image above the quality thresholds, after non-maximum suppression."""
    filters = (pred_iou_thresh, stability_score_thresh, mask_threshold, stability_score_offset)
    by_image: dict[int, list[Any]] = {}
    for run, result in zip(encoded, outputs):
        masks = good_masks(as_model_output(result), run.context, image_processor, filters)
        by_image.setdefault(run.context.image, []).append(masks)
    results = []
    for runs in by_image.values():
        masks, scores, rle_mask, boxes = image_processor.post_process_for_mask_generation(
            [mask for masks, _, _ in runs for mask in masks],
            torch.cat([scores for _, scores, _ in runs]),
            torch.cat([boxes for _, _, boxes in runs]),
            crops_nms_thresh,
        )
        extra = {"rle_mask": rle_mask} if output_rle_mask else {}
        extra |= {"bounding_boxes": boxes} if output_bboxes_mask else {}
        results.append({"masks": masks, "scores": scores, **extra})
    return results


def good_masks(
    outputs: Any,
    crop: Crop,
    image_processor: Any,
    filters: tuple[float, float, float, int],
) -> Any:
    """The masks of one call that pass the filters, run-length encoded, with scores and boxes."""
    sizes = {} if crop.reshaped_size is None else {"reshaped_input_sizes": [crop.reshaped_size]}
    masks = image_processor.post_process_masks(
        outputs.pred_masks, [crop.original_size], binarize=False, **sizes
    )
    return image_processor.filter_masks(
        masks[0], outputs.iou_scores[0], crop.full_size, crop.box, *filters
    )
