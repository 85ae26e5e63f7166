"""The distance of a result from the expected one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

from hf_skillset_runtime.compare.differences import differences, equal, plain


@dataclass(frozen=True)
class Distance:
    """The distance of a result from the expected one."""

    equal: bool
    """Whether no value differs by more than the task's tolerance."""
    same_shape: bool
    """Whether both have the same structure and shapes."""
    max_error: float
    """The largest absolute difference of two numbers with the same path."""
    cosine: float
    """Cosine similarity of all numbers with the same paths; 1 if there are none."""
    wrong: float
    """The fraction of the values that differ."""

    def __str__(self) -> str:
        numbers = f"max error {self.max_error:.1e}, cosine {self.cosine:.5f}"
        return f"{numbers}, {self.wrong:.0%} of the values differ"


def distance(actual: Any, expected: Any, tolerance: float) -> Distance:
    """The distance of `actual` from `expected`."""
    values, wanted = dict(leaves(actual)), dict(leaves(expected))
    shared = [(values[path], wanted[path]) for path in wanted if path in values]
    numbers = [(float(a), float(b)) for a, b in shared if is_number(a) and is_number(b)]
    wrong = sum(not equal(a, b, tolerance) for a, b in shared) + len(set(values) ^ set(wanted))
    return Distance(
        equal=not differences(actual, expected, tolerance),
        same_shape=set(values) == set(wanted),
        max_error=max((abs(a - b) for a, b in numbers), default=0.0),
        cosine=cosine(numbers),
        wrong=wrong / max(len(set(values) | set(wanted)), 1),
    )


def is_number(value: Any) -> bool:
    """Whether a leaf is a number."""
    return isinstance(value, Real)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value in a nested result, with its path."""
    value = plain(value)
    if isinstance(value, Mapping):
        for key in value:
            yield from leaves(value[key], f"{path}.{key}")
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for number, item in enumerate(value):
            yield from leaves(item, f"{path}[{number}]")
    else:
        yield path, value


def cosine(pairs: list[tuple[float, float]]) -> float:
    """Cosine similarity of the two elements of the pairs; 1 if both sides are empty or zero."""
    lengths = math.hypot(*(one for one, _ in pairs)), math.hypot(*(two for _, two in pairs))
    if not any(lengths):
        return 1.0
    return sum(one * two for one, two in pairs) / (lengths[0] * lengths[1]) if all(lengths) else 0.0
