# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""How far the outputs of a platform are from those of the reference, number by number."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

HUGE = 1e9
"""What is larger stands for minus infinity: something masked."""
HUGE_SCORE = 9e3
"""The same for scores, which models also mask with -10,000."""
NEAR = 10.0
"""Factor of an element up to which the spread of its output counts for its relative error."""
LITTLE = 1e-2
"""Share of an output's spread that lies between inputs, below which it does not depend on them."""
TINY = 1e-9
"""Share of an output that is rounding in 64 bits."""
LARGEST_SNR = 200.0
"""Decibels; stands for outputs that are equal to the last bit."""


@dataclass(frozen=True)
class Deviation:
    """How far outputs are from the reference."""

    compared: int
    """Floats that were compared."""
    max_error: float
    """Largest absolute difference; infinite where a shape, or what is masked, is another one."""
    relative_error: float
    """Largest difference as a fraction of the element's scale, where that is above 1: the output's
    root mean square, but no more than `NEAR` times the element."""
    cosine: float
    """Lowest cosine similarity of an output after its mean is taken off."""
    snr: float
    """Lowest signal-to-noise ratio of an output after its mean is taken off, in decibels."""
    wrong_integers: int
    """Integers (codes, indices) that are others."""
    worst: str = ""
    """The output with the largest relative error."""


Pair = tuple[Mapping[str, Any], Mapping[str, Any]]
"""Outputs of a platform and of the reference for the same input, by name."""


def deviation(pairs: Sequence[Pair]) -> Deviation:
    """The deviation of the outputs for several inputs."""
    each = [
        output_deviation(name, found.get(name), expected[name])
        for found, expected in pairs
        for name in expected
    ]
    cosine, snr = lowest_similarity(pairs)
    return dataclasses.replace(worst_of(each), cosine=cosine, snr=snr)


def worst_of(deviations: Sequence[Deviation]) -> Deviation:
    """What covers all of some deviations."""
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
    )


def output_deviation(name: str, found: Any, expected: Any) -> Deviation:
    """The deviation of one array."""
    import numpy as np

    if found is None or np.shape(found) != np.shape(expected):
        return Deviation(0, math.inf, math.inf, 0.0, -LARGEST_SNR, 0, name)
    if np.asarray(expected).dtype.kind in "iu":
        wrong = int((np.asarray(found) != expected).sum())
        return Deviation(0, 0.0, 0.0, 1.0, LARGEST_SNR, wrong, name)
    ours, theirs = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    plain = known(name, theirs)
    if not np.array_equal(plain, known(name, ours)):
        return Deviation(0, math.inf, math.inf, 0.0, -LARGEST_SNR, 0, name)
    ours, theirs = ours[plain], theirs[plain]
    if not theirs.size:
        return Deviation(0, 0.0, 0.0, 1.0, LARGEST_SNR, 0, name)
    errors, spread = np.abs(ours - theirs), math.sqrt(float(np.square(theirs).mean()))
    scales = np.maximum(1.0, np.minimum(spread, NEAR * np.abs(theirs)))
    relative = float((errors / scales).max())
    return Deviation(theirs.size, float(errors.max()), relative, 1.0, LARGEST_SNR, 0, name)


def known(name: str, array: Any) -> Any:
    """Where an output holds numbers, not what stands for a masked score or for none."""
    import numpy as np

    return np.isfinite(array) & (np.abs(array) < (HUGE_SCORE if is_scores(name) else HUGE))


def lowest_similarity(pairs: Sequence[Pair]) -> tuple[float, float]:
    """The lowest cosine and signal-to-noise ratio of an output, over all inputs at once."""
    groups: dict[tuple[str, tuple[int, ...]], list[tuple[Any, Any]]] = {}
    cosines, ratios = [1.0], [LARGEST_SNR]
    for found, expected in pairs:
        for name, theirs in numbers_of(expected):
            ours = found.get(name)
            if ours is None or ours.shape != theirs.shape:
                return 0.0, -LARGEST_SNR
            groups.setdefault((name, theirs.shape), []).append((ours, theirs))
    for (name, _shape), group in groups.items():
        ours, theirs = (stacked(name, arrays) for arrays in zip(*group))
        cosine, snr = similarity(ours, theirs)
        cosines.append(cosine)
        ratios.append(snr)
    return min(cosines), min(ratios)


def numbers_of(outputs: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The outputs that hold floats."""
    return [(name, array) for name, array in outputs.items() if array.dtype.kind == "f"]


def stacked(name: str, arrays: Sequence[Any]) -> Any:
    """Arrays of one shape as one; what stands for a masked score is 0."""
    import numpy as np

    whole = np.stack([np.asarray(array, np.float64) for array in arrays])
    return np.where(known(name, whole), whole, 0.0)


def similarity(found: Any, expected: Any) -> tuple[float, float]:
    """Cosine similarity and signal-to-noise ratio (decibels) of outputs, (inputs, ...).

    What all inputs have in common is taken off first, unless the output does not depend on them:
    an answer that is the same for each input is no answer.
    """
    import numpy as np

    centre = expected.mean(0) if len(expected) > 1 else expected.mean()
    if np.linalg.norm(expected - centre) < LITTLE * np.linalg.norm(expected - expected.mean()):
        centre = expected.mean()
    found, expected = found - centre, expected - centre
    noise, signal = float(np.linalg.norm(found - expected)), float(np.linalg.norm(expected))
    if noise <= TINY * max(signal, 1.0):
        return 1.0, LARGEST_SNR
    if not signal or not (length := np.linalg.norm(found)):
        return 0.0, -LARGEST_SNR
    cosine = float((found * expected).sum() / (length * signal))
    return cosine, float(20 * np.log10(signal / noise))


def agreement(pairs: Sequence[Pair]) -> tuple[int, int]:
    """In how many rows of scores the same entry is the largest, and how many rows there are.

    Only outputs that a choice is made from count: (..., entries) with more than one entry.
    """
    import numpy as np

    same = rows = 0
    for found, expected in pairs:
        for name, theirs in expected.items():
            if is_choice(name, theirs) and np.shape(found.get(name, ())) == np.shape(theirs):
                equal = found[name].argmax(-1) == theirs.argmax(-1)
                same, rows = same + int(equal.sum()), rows + equal.size
    return same, rows


def is_choice(name: str, array: Any) -> bool:
    """Whether the largest entry of an output's last axis is what a task decides by."""
    import numpy as np

    return is_scores(name) and np.ndim(array) > 1 and np.shape(array)[-1] > 1


def is_scores(name: str) -> bool:
    """Whether an output holds scores: those of a step that generates, or logits."""
    return name.startswith("step ") or "logits" in name.split(".")[-1]
