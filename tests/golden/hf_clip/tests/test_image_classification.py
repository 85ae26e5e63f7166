"""`image-classification` gives what transformers' pipeline gives."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

TASK = "image-classification"


def test_equals_the_pipeline(cell: Any) -> None:
    for image in cell.samples:
        cell.assert_equal(cell.run(image), expected(cell, image))


def expected(cell: Any, image: str) -> Any:
    """The pipeline's labels; without `logits` it has none, and the model's last states decide."""
    given = cell.opened.processor(images=Image.open(image).convert("RGB"), return_tensors="pt")
    outputs = cell.model_outputs(**given)
    if policies := getattr(cell.opened.processor, "policy_definitions", None):
        probabilities = dict(zip(policies, outputs.logits.softmax(-1)[:, 0].tolist()))
        best = sorted(probabilities, key=lambda policy: -probabilities[policy])
        return [{"label": policy, "score": probabilities[policy]} for policy in best]
    if "logits" in outputs:
        return cell.pipeline(image)
    scores, labels = outputs.last_hidden_state[0].softmax(-1).sort(descending=True)
    names = cell.opened.endpoint.config.id2label
    return [
        {"label": names[i], "score": score}
        for i, score in zip(labels[:5].tolist(), scores[:5].tolist())
    ]


def test_takes_paths_images_and_arrays(cell: Any) -> None:
    path = cell.samples[0]
    one = Image.open(path)
    expected = cell.run(path)
    cell.assert_equal(cell.run(one), expected)
    cell.assert_equal(cell.run(np.asarray(one)), expected)
