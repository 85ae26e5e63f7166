# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Statements about results that hold for any model: a result that breaks one is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..compare.outputs import encode
from .rounding import tolerance_of

if TYPE_CHECKING:
    from ..serving.endpoint import EndpointHandler

ORDERED = ("best first", "best label first")
"""What the description of a ranking says."""
POSITIONS = ("keypoints", "boxes")
"""Formats of results in pixels of the input, which the model's outputs are not."""
PIXELS = 1.0
"""How far a rounded position may lie outside of its image."""


def contradiction(handler: EndpointHandler, sample: Any, result: Any) -> str:
    """How a result contradicts itself, its input or its description; empty if it does not."""
    description = str(handler.spec.output.get("description", ""))
    if any(words in description for words in ORDERED) and not all(map(falls, scores_in(result))):
        return "the entries are not ordered by their scores, best first"
    return contradiction_in(sample, result) if isinstance(result, dict) else ""


def contradiction_in(sample: Any, result: dict[str, Any]) -> str:
    """The same of a result with named values."""
    scores: Any = result.get("scores")
    if "choice" in result and result["index"] != scores.index(max(scores)):
        return f"the index {result['index']} is not that of the best score"
    if "is_next" in result and result["is_next"] != (result["score"] > 0.5):
        return f"is_next is {result['is_next']} with a probability of {result['score']}"
    if "probabilities" in result and not within_0_and_1(result["probabilities"]):
        return "a probability lies outside of 0 and 1"
    if "answer" in result and isinstance(sample, dict) and isinstance(sample.get("context"), str):
        span = sample["context"][result["start"] : result["end"]]
        if span != result["answer"]:
            return f"the answer {result['answer']!r} is not at its place: {span!r}"
    if "forecast" in result and "samples" in result and not is_mean(result):
        return "the forecast is not the mean of its samples"
    if "keypoints" in result and isinstance(sample, str) and (size := image_size(sample)):
        return outside(result["keypoints"], size)
    return ""


def scores_in(result: Any) -> Iterator[list[Any]]:
    """The scores of each ranking in a result."""
    if (
        isinstance(result, Mapping)
        and "labels" in result
        and isinstance(result.get("scores"), list)
    ):
        yield result["scores"]
    if isinstance(result, list):
        scores = [item.get("score") for item in result if isinstance(item, Mapping)]
        if len(scores) == len(result) and all(isinstance(score, float) for score in scores):
            yield scores
        for item in result:
            yield from scores_in(item)


def falls(scores: list[float]) -> bool:
    """Whether no score is larger than the one before it."""
    return scores == sorted(scores, reverse=True)


def within_0_and_1(value: Any) -> bool:
    """Whether every number in nested lists is in [0, 1]."""
    if isinstance(value, list):
        return all(within_0_and_1(item) for item in value)
    return bool(0.0 <= value <= 1.0)


def is_mean(result: Mapping[str, Any]) -> bool:
    """Whether a forecast (steps, ...) is the mean of its samples (samples, steps, ...)."""
    import numpy as np

    mean = np.mean(np.asarray(result["samples"], float), axis=0)
    return bool(np.allclose(mean, np.asarray(result["forecast"], float), rtol=1e-3, atol=1e-4))


def image_size(path: str) -> tuple[int, int] | None:
    """(width, height) of an image file; None for anything else."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            return image.size
    except (OSError, UnidentifiedImageError):
        return None


def outside(keypoints: Any, size: tuple[int, int]) -> str:
    """A point (x, y) outside of an image of `size` (width, height); empty if there is none."""
    import numpy as np

    points = np.asarray(keypoints, float).reshape(-1, 2)
    beyond = (points < -PIXELS) | (points > np.array(size) + PIXELS)
    if not beyond.any():
        return ""
    x, y = points[beyond.any(axis=1)][0]
    return f"a point at x {x:.0f}, y {y:.0f} lies outside of an image of {size[0]} x {size[1]}"


def unlike_outputs(handler: EndpointHandler, sample: Any, result: Any) -> str:
    """An output of the model that a result names, but lacks or has with other values."""
    import numpy as np

    if handler.spec.run != "forward" or not isinstance(result, dict):
        return ""
    calls = encode(handler, [sample])
    if len(calls) != 1 or handler.spec.draws or handler.spec.output["format"] in POSITIONS:
        return ""
    description = str(handler.spec.output.get("description", ""))
    outputs = handler.platform.run(handler.endpoint, handler.spec, calls[0])
    named = set(outputs) & set(result)
    for name, value in outputs.items():
        if name not in result:
            if named and re.search(rf"\b{re.escape(name)}\b", description):
                return f"the model returns {name}, but the result lacks it"
            continue
        stated, computed = arrays_in(result[name]), arrays_in(value)
        if len(stated) != len(computed):
            continue
        for one, other in zip(stated, computed):
            if one.size == other.size and not np.allclose(
                one.ravel(), other.ravel(), rtol=0, atol=tolerance_of(handler)
            ):
                return f"{name} differs from the model's output"
            if one.size != other.size and len(stated) > 1:
                return f"{name} has the shape {one.shape}; the model returns {other.shape}"
    return ""


def arrays_in(value: Any) -> list[Any]:
    """The arrays of one output: itself, or those of a list."""
    import numpy as np

    if isinstance(value, (list, tuple)) and value and hasattr(value[0], "shape"):
        return [np.asarray(item, float) for item in value]
    try:
        return [np.asarray(value, float)]
    except (TypeError, ValueError):  # a list of lists of different length
        return []


def special_token_in(result: Any, tokens: list[str]) -> str:
    """A token of a list that a text in a result shows; empty if there is none."""
    for text in texts_in(result):
        for token in tokens:
            if token and token in text:
                return token
    return ""


def texts_in(result: Any) -> Iterator[str]:
    """The texts of a result at any depth."""
    if isinstance(result, str):
        yield result
    elif isinstance(result, Mapping):
        for value in result.values():
            yield from texts_in(value)
    elif isinstance(result, (list, tuple)):
        for value in result:
            yield from texts_in(value)
