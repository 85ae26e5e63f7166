"""Camera images, a robot's state and an instruction in, actions out (task `robotics`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.media.image import load_image
from hf_skillset_runtime.media.series import as_finite
from hf_skillset_runtime.media.text import as_fields, as_text
from hf_skillset_runtime.tasks.encoded import Encoded


def encode(
    items: list[Any],
    processor: Any,
    config: Any,
    num_steps: int | None = None,
    seed: int = 0,
) -> Encoded:
    """Preprocess `{"images", "text", "state"}` items; actions are generated from noise."""
    fields = [as_fields(item, "images", "text", "state") for item in items]
    cameras = [images if isinstance(images, list) else [images] for images, _, _ in fields]
    inputs = processor(
        images=[[load_image(image) for image in images] for images in cameras],
        text=[as_text(text) for _, text, _ in fields],
        state=[as_finite(state) for _, _, state in fields],
        return_tensors="pt",
    )
    return Encoded(dict(inputs), {"num_steps": num_steps}, seed=seed)


def decode(
    outputs: Mapping[str, np.ndarray], encoded: Encoded, processor: Any, config: Any
) -> list[dict[str, Any]]:
    """Per item `actions` (steps, action width), in the units of the training data."""
    actions = outputs["sequences"]
    if processor.actions_mean is not None:
        width = len(processor.actions_mean)
        actions = actions[..., :width] * np.array(processor.actions_std) + processor.actions_mean
    return [{"actions": steps} for steps in actions]
