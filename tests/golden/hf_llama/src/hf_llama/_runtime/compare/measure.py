# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""How far the outputs of a platform deviate from those of the reference, elementwise."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .outputs import STEP

HUGE = 1e9
"""Values of a larger magnitude stand for minus infinity: masked entries."""
HUGE_SCORE = 9e3
"""The same limit for scores, which models also mask with -10,000."""
NEAR = 10.0
"""Multiple of an element up to which its output's RMS is the scale of its relative error."""
LITTLE = 1e-2
"""Share of an output's variation between inputs below which it does not depend on them."""
TINY = 1e-9
"""Relative size of an output below which it is rounding in float64."""
LARGEST_SNR = 200.0
"""Decibels; reported for outputs that are bitwise equal."""


@dataclass(frozen=True)
class Deviation:
    """How far outputs are from the reference."""

    compared: int
    """Number of floats that were compared."""
    max_error: float
    """Largest absolute difference; infinite if shapes or masked entries differ."""
    relative_error: float
    """Largest difference as a fraction of the element's scale, where that is above 1: the output's
    root mean square, but no more than `NEAR` times the element."""
    cosine: float
    """Lowest cosine similarity of an output after subtracting its mean."""
    snr: float
    """Lowest signal-to-noise ratio of an output after subtracting its mean, in decibels."""
    wrong_integers: int
    """Number of integers (codes, indices) that differ."""
    worst: str = ""
    """The output with the largest relative error."""
    mismatch: str = ""
    """Why an output cannot be compared: it is missing or has another shape."""


Pair = tuple[Mapping[str, Any], Mapping[str, Any]]
"""Outputs of a platform and of the reference for the same input, by name."""


def deviation(pairs: Sequence[Pair]) -> Deviation:
    """The deviation of the outputs for several inputs.

    Args:
        pairs: arrays of any shape; floats are compared as numbers, integers for equality.
    """
    each = [
        output_deviation(name, actual.get(name), expected[name])
        for actual, expected in pairs
        for name in expected
    ]
    cosine, snr = lowest_similarity(pairs)
    return dataclasses.replace(worst_of(each), cosine=cosine, snr=snr)


def worst_of(deviations: Sequence[Deviation]) -> Deviation:
    """The worst value of each measure over several deviations."""
    if not deviations:
        return Deviation(0, 0.0, 0.0, 1.0, LARGEST_SNR, 0)
    return Deviation(
        compared=sum(each.compared for each in deviations),
        max_error=max(each.max_error for each in deviations),
        relative_error=max(each.relative_error for each in deviations),
        cosine=min(each.cosine for each in deviations),
        snr=min(each.snr for each in deviations),
        wrong_integers=sum(each.wrong_integers for each in deviations),
        worst=max(deviations, key=lambda each: each.relative_error).worst,
        mismatch=next((each.mismatch for each in deviations if each.mismatch), ""),
    )


def output_deviation(name: str, actual: Any, expected: Any) -> Deviation:
    """The deviation of one array of floats or integers, of any shape, from one of equal shape."""
    import numpy as np

    if actual is None:
        return incomparable(name, f"the output {name} is missing")
    if (shape := np.shape(actual)) != np.shape(expected):
        shapes = f"{list(shape)} instead of {list(np.shape(expected))}"
        return incomparable(name, f"the output {name} has the shape {shapes}")
    if np.asarray(expected).dtype.kind in "iu":
        wrong = int((np.asarray(actual) != expected).sum())
        return Deviation(0, 0.0, 0.0, 1.0, LARGEST_SNR, wrong, name)
    result, reference = np.asarray(actual, np.float64), np.asarray(expected, np.float64)
    plain = known(name, reference)
    if not np.array_equal(plain, known(name, result)):
        return incomparable(name, f"other entries of the output {name} are masked or not finite")
    result, reference = result[plain], reference[plain]
    if not reference.size:
        return Deviation(0, 0.0, 0.0, 1.0, LARGEST_SNR, 0, name)
    errors, spread = np.abs(result - reference), math.sqrt(float(np.square(reference).mean()))
    scales = np.maximum(1.0, np.minimum(spread, NEAR * np.abs(reference)))
    relative = float((errors / scales).max())
    return Deviation(reference.size, float(errors.max()), relative, 1.0, LARGEST_SNR, 0, name)


def incomparable(name: str, mismatch: str) -> Deviation:
    """The deviation of an output without comparable numbers."""
    return Deviation(0, math.inf, math.inf, 0.0, -LARGEST_SNR, 0, name, mismatch)


def known(name: str, array: Any) -> Any:
    """A boolean mask, of the array's shape, of the finite elements that are not masked scores."""
    import numpy as np

    return np.isfinite(array) & (np.abs(array) < (HUGE_SCORE if is_scores(name) else HUGE))


def lowest_similarity(pairs: Sequence[Pair]) -> tuple[float, float]:
    """The lowest cosine and signal-to-noise ratio (decibels) of an output over all inputs."""
    groups: dict[tuple[str, tuple[int, ...]], list[tuple[Any, Any]]] = {}
    cosines, ratios = [1.0], [LARGEST_SNR]
    for actual, expected in pairs:
        for name, reference in numbers_of(expected):
            result = actual.get(name)
            if result is None or result.shape != reference.shape:
                return 0.0, -LARGEST_SNR
            groups.setdefault((name, reference.shape), []).append((result, reference))
    for (name, _shape), group in groups.items():
        result, reference = (stacked(name, arrays) for arrays in zip(*group))
        cosine, snr = similarity(result, reference)
        cosines.append(cosine)
        ratios.append(snr)
    return min(cosines), min(ratios)


def numbers_of(outputs: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The floating point outputs, as (name, array)."""
    return [(name, array) for name, array in outputs.items() if array.dtype.kind == "f"]


def stacked(name: str, arrays: Sequence[Any]) -> Any:
    """Arrays of one shape stacked along a new first axis, as float64; masked scores are 0."""
    import numpy as np

    whole = np.stack([np.asarray(array, np.float64) for array in arrays])
    return np.where(known(name, whole), whole, 0.0)


def similarity(actual: Any, expected: Any) -> tuple[float, float]:
    """Cosine similarity and signal-to-noise ratio (decibels) of two arrays (inputs, ...), float64.

    The mean over the inputs is subtracted first, unless the output does not depend on them:
    what all inputs have in common carries no information.
    """
    import numpy as np

    centre = expected.mean(0) if len(expected) > 1 else expected.mean()
    if np.linalg.norm(expected - centre) < LITTLE * np.linalg.norm(expected - expected.mean()):
        centre = expected.mean()
    actual, expected = actual - centre, expected - centre
    noise, signal = float(np.linalg.norm(actual - expected)), float(np.linalg.norm(expected))
    if noise <= TINY * max(signal, 1.0):
        return 1.0, LARGEST_SNR
    if not signal or not (length := np.linalg.norm(actual)):
        return 0.0, -LARGEST_SNR
    cosine = float((actual * expected).sum() / (length * signal))
    return cosine, float(20 * np.log10(signal / noise))


def agreement(pairs: Sequence[Pair]) -> tuple[int, int]:
    """The number of rows of scores whose argmax is the same, and the number of rows.

    Only outputs that a choice is made from count: (..., classes) with more than one class.
    """
    import numpy as np

    same = rows = 0
    for actual, expected in pairs:
        for name, reference in expected.items():
            if is_choice(name, reference) and np.shape(actual.get(name, ())) == np.shape(reference):
                equal = actual[name].argmax(-1) == reference.argmax(-1)
                same, rows = same + int(equal.sum()), rows + equal.size
    return same, rows


def is_choice(name: str, array: Any) -> bool:
    """Whether a task decides by the argmax over an output's last axis."""
    import numpy as np

    return is_scores(name) and np.ndim(array) > 1 and np.shape(array)[-1] > 1


def is_scores(name: str) -> bool:
    """Whether an output contains scores: those of a generation step, or logits."""
    return name.startswith(STEP) or "logits" in name.split(".")[-1]
