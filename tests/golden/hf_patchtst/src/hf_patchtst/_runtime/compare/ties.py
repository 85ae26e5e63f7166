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
        for name, reference in expected.items():
            result = actual.get(name)
            if result is None or result.shape != reference.shape or not is_choice(name, reference):
                continue
            for gap, error in gaps(name, result, reference):
                if gap <= error:
                    ties += 1
                else:
                    problems.append(
                        f"{name}: another choice, {gap:.1e} apart where the error is {error:.1e}"
                    )
    return ties, problems


def gaps(name: str, result: Any, reference: Any) -> Iterator[tuple[float, float]]:
    """For each row that differs: the gap between its two scores, and the output's largest error.

    Args:
        result: scores (..., classes) of the platform.
        reference: those of the CPU, of the same shape.

    Yields:
        The larger of both sides' differences of the two chosen scores; the largest absolute error
        of the output.
    """
    import numpy as np

    width = reference.shape[-1]
    error = np.abs(result.astype(float) - reference)[known(name, reference) & known(name, result)]
    rows = (array.astype(float).reshape(-1, width) for array in (result, reference))
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
