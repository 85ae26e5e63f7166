"""Compares results: equal structure and text, numbers within a tolerance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Number
from typing import Any

MAX_PROBLEMS = 10


def differences(found: Any, expected: Any, tolerance: float, where: str = "result") -> list[str]:
    """Where `found` differs from `expected`; empty when they agree.

    Args:
        tolerance: largest absolute difference of two numbers; a fraction of the expected
            number where that is above 1.
    """
    found, expected = plain(found), plain(expected)
    if isinstance(expected, Mapping):
        if not isinstance(found, Mapping) or set(found) != set(expected):
            return [f"{where}: {describe(found)} is not {describe(expected)}"]
        return below(
            (found[key], expected[key], f"{where}.{key}", tolerance) for key in sorted(expected)
        )
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
    """Arrays and tensors as lists, images as arrays' lists, anything else as it is."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if hasattr(value, "getdata"):
        return list(value.getdata())
    return value


def equal(found: Any, expected: Any, tolerance: float) -> bool:
    """Whether two leaves agree."""
    if isinstance(found, Number) and isinstance(expected, Number):
        return math.isclose(found, expected, rel_tol=tolerance, abs_tol=tolerance)
    return bool(found == expected)


def describe(value: Any) -> str:
    """A short name for what a value is."""
    if isinstance(value, Mapping):
        return f"a dict with {sorted(value)}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"a list of {len(value)}"
    return repr(value)[:80]
