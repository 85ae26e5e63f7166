# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""Compares results: equal structure and text, numbers within a tolerance."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

from .ties import cosine, outputs_cosine, smallest_gap

if TYPE_CHECKING:
    from ..endpoint import EndpointHandler

MAX_PROBLEMS = 10
WHITE = 255
ONE_SHADE = 1
"""Of `WHITE`: a colour that falls between two shades may be rounded to either."""


class Shade(float):
    """A colour of a picture, as a fraction of `WHITE`."""


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
    """Whether two pictures differ by more than rounding."""
    if not is_picture(found) or (found.mode, found.size) != (expected.mode, expected.size):
        return [f"{where}: {describe(found)} is not {describe(expected)}"]
    off = max(abs(one - other) for one, other in zip(found.tobytes(), expected.tobytes()))
    return [] if off <= ONE_SHADE else [f"{where}: a colour is off by {off} of 255"]


def equal(found: Any, expected: Any, tolerance: float) -> bool:
    """Whether two leaves agree; colours may be `ONE_SHADE` apart."""
    if isinstance(found, Shade) and isinstance(expected, Shade):
        return round(abs(found - expected) * WHITE) <= ONE_SHADE
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


@dataclass(frozen=True)
class Error:
    """How far a result is from the reference."""

    max_abs: float
    """Largest absolute difference of two numbers; of two colours what is more than rounding."""
    cosine: float
    """Cosine similarity of all numbers; 1 where there are none."""
    mismatches: float
    """Share of the leaves that differ by more than the tolerance."""
    texts_differ: bool
    """Whether a label, a text or a shape is another one."""
    ties: int
    """Ranked entries that changed places with one whose score is within the tolerance."""


def measure(found: Any, expected: Any, tolerance: float) -> Error:
    """The error of `found`; entries of a ranking that are tied may stand in either order."""
    found, ties = untied(found, expected, tolerance)
    ours, theirs = dict(leaves(found)), dict(leaves(expected))
    shared = [(ours[where], theirs[where]) for where in theirs if where in ours]
    numbers = [
        (float(one), float(other))
        for one, other in shared
        if isinstance(one, Real) and isinstance(other, Real)
    ]
    wrong = sum(not equal(one, other, tolerance) for one, other in shared)
    wrong += len(set(ours) ^ set(theirs))
    return Error(
        max_abs=max((distance(one, other) for one, other in shared), default=0.0),
        cosine=cosine(numbers),
        mismatches=wrong / max(len(set(ours) | set(theirs)), 1),
        texts_differ=set(ours) != set(theirs)
        or any(one != other for one, other in shared if not isinstance(other, Real)),
        ties=ties,
    )


def distance(found: Any, expected: Any) -> float:
    """The difference of two numbers; 0 for colours that agree, and for anything else."""
    if not (isinstance(found, Real) and isinstance(expected, Real)):
        return 0.0
    same_shade = isinstance(expected, Shade) and equal(found, expected, 0.0)
    return 0.0 if same_shade else abs(float(found) - float(expected))


def leaves(value: Any, where: str = "result") -> Iterator[tuple[str, Any]]:
    """Every leaf of a result with the path to it."""
    value = plain(value)
    if is_picture(value):
        yield f"{where}.mode", value.mode
        value = shades(value)
    if isinstance(value, Mapping):
        for key in value:
            yield from leaves(value[key], f"{where}.{key}")
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for i, item in enumerate(value):
            yield from leaves(item, f"{where}[{i}]")
    else:
        yield where, value


def shades(picture: Any) -> list[list[Shade]]:
    """The colours of a picture, a list for each of its rows."""
    width, colours = picture.width * len(picture.mode), picture.tobytes()
    rows = (colours[start : start + width] for start in range(0, len(colours), width))
    return [[Shade(colour / WHITE) for colour in row] for row in rows]


def untied(found: Any, expected: Any, tolerance: float) -> tuple[Any, int]:
    """`found` with tied entries of its rankings in the order of `expected`, and how many moved."""
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        parts = {key: untied(found[key], expected.get(key), tolerance) for key in found}
        return {key: part for key, (part, _) in parts.items()}, sum(n for _, n in parts.values())
    if not (isinstance(expected, list) and isinstance(found, list)) or len(found) != len(expected):
        return found, 0
    if all(is_scored(item) for item in [*found, *expected]):
        rows = [tied_row(found, expected, i, tolerance) for i in range(len(expected))]
        return rows, sum(row is not ours for row, ours in zip(rows, found))
    items = [untied(one, other, tolerance) for one, other in zip(found, expected)]
    return [item for item, _ in items], sum(n for _, n in items)


def is_scored(item: Any) -> bool:
    """Whether an item of a list has a place in a ranking; a segment may come without a score."""
    return isinstance(item, Mapping) and item.get("score") is not None


def tied_row(found: list[Any], expected: list[Any], place: int, tolerance: float) -> Any:
    """The found entry for one place of a ranking: its own, or the one it is tied with."""
    ours, wanted = found[place], expected[place]
    if identity(ours) == identity(wanted):
        return ours
    for other in found:
        if identity(other) == identity(wanted):
            return other if abs(other["score"] - ours["score"]) <= tolerance else ours
    at_the_end = abs(wanted["score"] - expected[-1]["score"]) <= tolerance
    close = abs(ours["score"] - wanted["score"]) <= tolerance
    return {**wanted, "score": ours["score"]} if at_the_end and close else ours


def identity(entry: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """What an entry of a ranking is about: all but its numbers with a fraction."""
    return sorted((key, repr(value)) for key, value in entry.items() if type(value) is not float)


@dataclass(frozen=True)
class Verdict:
    """Whether a platform gives what CPU gives."""

    error: Error
    tolerance: float
    problem: str = ""
    """How they disagree; empty when they agree."""
    tie: str = ""
    """Why they may disagree: tokens that are as good as equal on CPU."""


def compare(
    handler: EndpointHandler, reference: EndpointHandler, inputs: Any, facts: Mapping[str, Any]
) -> Verdict:
    """Run the same inputs on a platform and on CPU in float32, and compare the results.

    Args:
        inputs: a sample, or a list of samples for a batch.
        facts: the platform's `tolerance` and, where it quantizes, `min_cosine`.
    """
    spec = handler.spec
    tolerance = max(spec.tolerance, facts["tolerance"])
    found = handler(inputs, **spec.sample_params)["result"]
    expected = reference(inputs, **spec.sample_params)["result"]
    error = measure(found, expected, tolerance)
    lowest = facts.get("min_cosine")
    agrees = error.mismatches == 0 if lowest is None else error.cosine >= lowest
    if agrees and not error.texts_differ:
        return Verdict(error, tolerance)
    items = inputs if handler.is_batch(inputs) else [inputs]
    if spec.run == "generate" and error.texts_differ:
        gap = smallest_gap(reference, items)
        if gap <= tolerance:
            return Verdict(error, tolerance, tie=f"two tokens are {gap:.1e} apart in logits")
    problem = f"{error}: {found!r:.300} is not {expected!r:.300}"
    if spec.run == "forward" and lowest is not None:
        least = outputs_cosine(handler, reference, items)
        if least >= lowest and not is_classification(expected):
            tie = f"outputs have a cosine of {least:.5f}; what is decoded from them differs"
            return Verdict(error, tolerance, tie=tie)
        problem = f"outputs have a cosine of {least:.5f}; {problem}"
    return Verdict(error, tolerance, problem)


def is_classification(result: Any) -> bool:
    """Whether a result, or each of a batch, is a list of labels with scores."""
    if isinstance(result, Mapping):
        return set(result) == {"label", "score"}
    return isinstance(result, list) and all(is_classification(item) for item in result)
