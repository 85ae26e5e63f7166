"""`robotics` gives the actions that the model itself samples."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from PIL import Image

TASK = "robotics"


def test_equals_the_model(cell: Any) -> None:
    processor, model = cell.opened.processor, cell.opened.endpoint
    for item in cell.samples:
        inputs = processor(
            images=[[Image.open(path).convert("RGB") for path in item["images"]]],
            text=[item["text"]],
            state=[item["state"]],
            return_tensors="pt",
        )
        torch.manual_seed(0)
        with torch.no_grad():
            actions = model.sample_actions(**inputs)[0].numpy()
        if processor.actions_mean is not None:
            actions = actions[:, : len(processor.actions_mean)]
            actions = actions * np.array(processor.actions_std) + processor.actions_mean
        cell.assert_equal(cell.run(item), {"actions": actions})


def test_the_seed_decides(cell: Any) -> None:
    item = cell.samples[0]
    cell.assert_equal(cell.run(item, seed=3), cell.run(item, seed=3))
    assert (cell.run(item, seed=3)["actions"] != cell.run(item, seed=4)["actions"]).any()
