# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Where two results differ: equal structure and text, numbers within a tolerance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

MAX_PROBLEMS = 10
ONE_SHADE = 1
"""Largest difference of two 8-bit colour values: either may be rounded up or down."""


def differences(actual: Any, expected: Any, tolerance: float, where: str = "result") -> list[str]:
    """Where `actual` differs from `expected`, as messages; empty if they are equal.

    Args:
        actual: nested dicts and lists of numbers, texts, arrays, tensors and PIL images.
        expected: the same.
        tolerance: largest absolute difference of two numbers; relative to the expected
            number if that is above 1.
        where: the path of the values, for the messages.
    """
    if is_image(expected):
        return image_problems(actual, expected, where)
    actual, expected = plain(actual), plain(expected)
    if isinstance(expected, Mapping):
        if not isinstance(actual, Mapping) or set(actual) != set(expected):
            return [f"{where}: {describe(actual)} is not {describe(expected)}"]
        return below(
            (actual[key], expected[key], f"{where}.{key}", tolerance) for key in sorted(expected)
        )
    if is_ranking(actual) and is_ranking(expected):
        return ranking_problems(actual, expected, tolerance, where)
    if isinstance(expected, Sequence) and not isinstance(expected, str):
        if not isinstance(actual, Sequence) or len(actual) != len(expected):
            return [f"{where}: {describe(actual)} is not {describe(expected)}"]
        return below(
            (one, other, f"{where}[{i}]", tolerance)
            for i, (one, other) in enumerate(zip(actual, expected))
        )
    return (
        [] if equal(actual, expected, tolerance) else [f"{where}: {actual!r} is not {expected!r}"]
    )


def below(pairs: Any) -> list[str]:
    """The first differences among nested values."""
    problems: list[str] = []
    for one, other, where, tolerance in pairs:
        problems += differences(one, other, tolerance, where)
        if len(problems) >= MAX_PROBLEMS:
            break
    return problems[:MAX_PROBLEMS]


def plain(value: Any) -> Any:
    """Arrays and tensors as lists, anything else unchanged."""
    return value.tolist() if hasattr(value, "tolist") else value


def is_image(value: Any) -> bool:
    """Whether it is a PIL image with 8 bits per colour."""
    return getattr(value, "mode", None) in ("L", "RGB", "RGBA")


def image_problems(actual: Any, expected: Any, where: str) -> list[str]:
    """Whether two images differ by more than rounding."""
    if not is_image(actual) or (actual.mode, actual.size) != (expected.mode, expected.size):
        return [f"{where}: {describe(actual)} is not {describe(expected)}"]
    off = max(abs(one - other) for one, other in zip(actual.tobytes(), expected.tobytes()))
    return [] if off <= ONE_SHADE else [f"{where}: a colour is off by {off} of 255"]


def equal(actual: Any, expected: Any, tolerance: float) -> bool:
    """Whether two leaf values are equal."""
    if isinstance(actual, Real) and isinstance(expected, Real):
        return math.isclose(actual, expected, rel_tol=tolerance, abs_tol=tolerance)
    return bool(actual == expected)


def describe(value: Any) -> str:
    """A short description of a value's type and size."""
    if isinstance(value, Mapping):
        return f"a dict with {sorted(value)}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"a list of {len(value)}"
    return repr(value)[:80]


def is_ranking(value: Any) -> bool:
    """Whether a value is a list of entries with scores, each with a different label or text."""
    return (
        isinstance(value, list)
        and len(value) > 1
        and all(
            isinstance(item, Mapping) and isinstance(item.get("score"), float) for item in value
        )
    )


def ranking_problems(actual: Any, expected: Any, tolerance: float, where: str) -> list[str]:
    """Where the scores of the same entries differ.

    An entry that only one ranking has is not a difference if its score is within the tolerance of
    the lowest score of the other.
    """
    entries, wanted = keyed(actual), keyed(expected)
    if len(actual) != len(expected):
        return [f"{where}: {describe(actual)} is not {describe(expected)}"]
    shared = [key for key in wanted if key in entries]
    problems = below(
        (entries[key], wanted[key], f"{where}{list(key)}", tolerance) for key in shared
    )
    for one, other, other_list in ((entries, wanted, expected), (wanted, entries, actual)):
        lowest = other_list[-1]["score"]
        problems += [
            f"{where}: {list(key)} is in one ranking alone"
            for key in one
            if key not in other and not equal(one[key]["score"], lowest, tolerance)
        ]
    return problems[:MAX_PROBLEMS]


def keyed(ranking: list[Mapping[str, Any]]) -> dict[tuple[str, ...], Mapping[str, Any]]:
    """The entries of a ranking, keyed by their texts and integers."""
    return {
        tuple(str(value) for value in entry.values() if isinstance(value, (str, int))): entry
        for entry in ranking
    }
