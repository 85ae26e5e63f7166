"""`image-feature-extraction` gives what transformers' pipeline gives."""

from __future__ import annotations

from inspect import signature
from typing import Any

from PIL import Image

TASK = "image-feature-extraction"


def test_equals_the_pipeline(cell: Any) -> None:
    for image in cell.samples:
        cell.assert_equal(cell.run(image), expected(cell, image))


def expected(cell: Any, image: str) -> Any:
    """The pipeline's features, or the model's own where the pipeline cannot run it.

    It gives inputs the processor's names, and takes no maps of a backbone.
    """
    takes = signature(cell.opened.endpoint.forward).parameters
    given = cell.opened.processor(images=Image.open(image).convert("RGB"), return_tensors="pt")
    other_names = {
        "pixel_values": "hidden_states" if "hidden_states" in takes else "pixel_values",
        "image_grid_thw": "image_grid_thw" if "image_grid_thw" in takes else "grid_thw",
        "image_merge_sizes": "merge_sizes",
        "image_position_ids": "pixel_position_ids",
    }
    inputs = {other_names.get(name, name): tensor for name, tensor in given.items()}
    taken = {name: tensor for name, tensor in inputs.items() if name in takes}
    features = cell.model_outputs(**taken)[0]
    if isinstance(features, tuple):
        return features[-1].tolist()
    return cell.pipeline(image) if set(given) <= set(takes) else features.tolist()
