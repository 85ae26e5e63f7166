"""The distance of an answer from the expected one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

from hf_skillset_runtime.compare.differences import differences, equal, plain


@dataclass(frozen=True)
class Distance:
    """An answer beside the right one."""

    equal: bool
    """Whether nothing differs by more than the task's tolerance."""
    same_shape: bool
    """Whether both have the same structure and shapes."""
    max_error: float
    """The largest absolute difference of two numbers in the same place."""
    cosine: float
    """Of all numbers in the same places; 1 where there are none."""
    wrong: float
    """The share of the places whose values differ."""

    def __str__(self) -> str:
        numbers = f"max error {self.max_error:.1e}, cosine {self.cosine:.5f}"
        return f"{numbers}, {self.wrong:.0%} of the values differ"


def distance(actual: Any, right: Any, tolerance: float) -> Distance:
    """The distance of `actual` from `right`."""
    ours, theirs = dict(leaves(actual)), dict(leaves(right))
    shared = [(ours[place], theirs[place]) for place in theirs if place in ours]
    numbers = [(float(a), float(b)) for a, b in shared if is_number(a) and is_number(b)]
    wrong = sum(not equal(a, b, tolerance) for a, b in shared) + len(set(ours) ^ set(theirs))
    return Distance(
        equal=not differences(actual, right, tolerance),
        same_shape=set(ours) == set(theirs),
        max_error=max((abs(a - b) for a, b in numbers), default=0.0),
        cosine=cosine(numbers),
        wrong=wrong / max(len(set(ours) | set(theirs)), 1),
    )


def is_number(value: Any) -> bool:
    """Whether a leaf is a number."""
    return isinstance(value, Real)


def leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of an answer with the path to it."""
    value = plain(value)
    if isinstance(value, Mapping):
        for key in value:
            yield from leaves(value[key], f"{place}.{key}")
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for number, item in enumerate(value):
            yield from leaves(item, f"{place}[{number}]")
    else:
        yield place, value


def cosine(pairs: list[tuple[float, float]]) -> float:
    """Cosine similarity of the two sides; 1 where both are empty or zero."""
    lengths = math.hypot(*(one for one, _ in pairs)), math.hypot(*(two for _, two in pairs))
    if not any(lengths):
        return 1.0
    return sum(one * two for one, two in pairs) / (lengths[0] * lengths[1]) if all(lengths) else 0.0
