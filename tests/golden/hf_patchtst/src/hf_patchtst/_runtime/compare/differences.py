# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""Where two results differ: equal structure and text, numbers within a tolerance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

MAX_PROBLEMS = 10
ONE_SHADE = 1
"""Of 255: a colour that falls between two shades may be rounded to either."""


def differences(found: Any, expected: Any, tolerance: float, where: str = "result") -> list[str]:
    """Where `found` differs from `expected`; empty when they agree.

    Args:
        tolerance: largest absolute difference of two numbers; a fraction of the expected
            number where that is above 1.
    """
    if is_picture(expected):
        return picture_problems(found, expected, where)
    found, expected = plain(found), plain(expected)
    if isinstance(expected, Mapping):
        if not isinstance(found, Mapping) or set(found) != set(expected):
            return [f"{where}: {describe(found)} is not {describe(expected)}"]
        return below(
            (found[key], expected[key], f"{where}.{key}", tolerance) for key in sorted(expected)
        )
    if is_ranking(found) and is_ranking(expected):
        return ranking_problems(found, expected, tolerance, where)
    if isinstance(expected, Sequence) and not isinstance(expected, str):
        if not isinstance(found, Sequence) or len(found) != len(expected):
            return [f"{where}: {describe(found)} is not {describe(expected)}"]
        return below(
            (one, other, f"{where}[{i}]", tolerance)
            for i, (one, other) in enumerate(zip(found, expected))
        )
    return [] if equal(found, expected, tolerance) else [f"{where}: {found!r} is not {expected!r}"]


def below(pairs: Any) -> list[str]:
    """The first differences of what is one level deeper."""
    problems: list[str] = []
    for one, other, where, tolerance in pairs:
        problems += differences(one, other, tolerance, where)
        if len(problems) >= MAX_PROBLEMS:
            break
    return problems[:MAX_PROBLEMS]


def plain(value: Any) -> Any:
    """Arrays and tensors as lists, anything else as it is."""
    return value.tolist() if hasattr(value, "tolist") else value


def is_picture(value: Any) -> bool:
    """Whether it is a PIL image with 8 bits per colour."""
    return getattr(value, "mode", None) in ("L", "RGB", "RGBA")


def picture_problems(found: Any, expected: Any, where: str) -> list[str]:
    """Whether two images differ by more than rounding."""
    if not is_picture(found) or (found.mode, found.size) != (expected.mode, expected.size):
        return [f"{where}: {describe(found)} is not {describe(expected)}"]
    off = max(abs(one - other) for one, other in zip(found.tobytes(), expected.tobytes()))
    return [] if off <= ONE_SHADE else [f"{where}: a colour is off by {off} of 255"]


def equal(found: Any, expected: Any, tolerance: float) -> bool:
    """Whether two leaves agree."""
    if isinstance(found, Real) and isinstance(expected, Real):
        return math.isclose(found, expected, rel_tol=tolerance, abs_tol=tolerance)
    return bool(found == expected)


def describe(value: Any) -> str:
    """A short name for what a value is."""
    if isinstance(value, Mapping):
        return f"a dict with {sorted(value)}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"a list of {len(value)}"
    return repr(value)[:80]


def is_ranking(value: Any) -> bool:
    """Whether a value lists entries by their scores, each of another label or text."""
    return (
        isinstance(value, list)
        and len(value) > 1
        and all(
            isinstance(item, Mapping) and isinstance(item.get("score"), float) for item in value
        )
    )


def ranking_problems(found: Any, expected: Any, tolerance: float, where: str) -> list[str]:
    """Where the scores of the same entries differ.

    An entry that only one ranking has is no difference where its score is within the tolerance of
    the lowest of the other, which it just missed.
    """
    ours, theirs = keyed(found), keyed(expected)
    if len(found) != len(expected):
        return [f"{where}: {describe(found)} is not {describe(expected)}"]
    shared = [key for key in theirs if key in ours]
    problems = below((ours[key], theirs[key], f"{where}{list(key)}", tolerance) for key in shared)
    for one, other, other_list in ((ours, theirs, expected), (theirs, ours, found)):
        lowest = other_list[-1]["score"]
        problems += [
            f"{where}: {list(key)} is in one ranking alone"
            for key in one
            if key not in other and not equal(one[key]["score"], lowest, tolerance)
        ]
    return problems[:MAX_PROBLEMS]


def keyed(ranking: list[Mapping[str, Any]]) -> dict[tuple[str, ...], Mapping[str, Any]]:
    """The entries of a ranking by what they are about: their texts and integers."""
    return {
        tuple(str(value) for value in entry.values() if isinstance(value, (str, int))): entry
        for entry in ranking
    }
