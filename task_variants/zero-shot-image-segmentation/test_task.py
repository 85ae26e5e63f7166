"""`zero-shot-image-segmentation` gives masks of the model's own output."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from PIL import Image

TASK = "zero-shot-image-segmentation"


def outputs_for(cell: Any, image: Image.Image, label: str) -> Any:
    processor = cell.opened.processor
    inputs = processor(images=image, text=[label], return_tensors="pt")
    return cell.model_outputs(**{k: v for k, v in inputs.items() if k != "original_sizes"})


def test_equals_the_model(cell: Any) -> None:
    processor = cell.opened.processor
    for path in cell.samples:
        image = Image.open(path).convert("RGB")
        segments = {(one["label"], round(one["score"], 4)): one for one in cell.run(path)}
        for label in cell.spec.sample_params["candidate_labels"]:
            outputs = outputs_for(cell, image, label)
            size = [(image.height, image.width)]
            if hasattr(processor, "post_process_instance_segmentation"):
                (expected,) = processor.post_process_instance_segmentation(outputs, 0.0, 0.5, size)
                scores = expected["scores"].tolist()
                assert sum(name == label for name, _ in segments) <= len(scores)
                assert all((label, round(score, 4)) in segments for score in scores)
                continue
            logits = outputs.logits.reshape(1, 1, *outputs.logits.shape[-2:])
            probabilities = torch.nn.functional.interpolate(logits, size[0], mode="bilinear")
            (one,) = [value for (name, _), value in segments.items() if name == label]
            assert abs(one["score"] - probabilities.sigmoid().max().item()) < 1e-5
            mask = np.asarray(one["mask"]) == 255
            sure = (probabilities[0, 0].abs() > 1e-5).numpy()
            assert ((probabilities[0, 0] > 0).numpy() == mask)[sure].all()
