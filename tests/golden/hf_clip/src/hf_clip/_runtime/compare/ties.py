# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Whether different choices of two platforms are ties within the measured numeric error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .measure import Pair, is_choice, known


def untied(pairs: Sequence[Pair]) -> tuple[int, list[str]]:
    """The choices (tokens, labels) in which the two sides differ.

    A choice is a tie where *both* sides have the two entries within the largest error that was
    measured in that output: a generation step, or the logits of one call.

    Returns:
        The number of ties, and a message for each choice that is not a tie.
    """
    ties, problems = 0, []
    for actual, expected in pairs:
        for name, theirs in expected.items():
            ours = actual.get(name)
            if ours is None or ours.shape != theirs.shape or not is_choice(name, theirs):
                continue
            for gap, error in gaps(name, ours, theirs):
                if gap <= error:
                    ties += 1
                else:
                    problems.append(
                        f"{name}: another choice, {gap:.1e} apart where the error is {error:.1e}"
                    )
    return ties, problems


def gaps(name: str, ours: Any, theirs: Any) -> Iterator[tuple[float, float]]:
    """For each row that differs: the distance of its two scores, and the output's error.

    The distance is the larger of the two sides'.
    """
    import numpy as np

    width = theirs.shape[-1]
    error = np.abs(ours.astype(float) - theirs)[known(name, theirs) & known(name, ours)]
    rows = (array.astype(float).reshape(-1, width) for array in (ours, theirs))
    for one, other in zip(*rows):
        first, second = int(one.argmax()), int(other.argmax())
        if first != second:
            gap = max(one[first] - one[second], other[second] - other[first])
            yield float(gap), float(error.max(initial=0.0))


def texts(result: Any) -> list[str]:
    """The texts in a result, in order."""
    if isinstance(result, str):
        return [result]
    if isinstance(result, Mapping):
        return [text for name in sorted(result) for text in texts(result[name])]
    if isinstance(result, (list, tuple)):
        return [text for item in result for text in texts(item)]
    return []
