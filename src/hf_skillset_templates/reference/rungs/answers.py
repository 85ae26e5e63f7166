"""The results of a handler: they depend on input and weights, and are correct."""

from __future__ import annotations

from typing import Any, NamedTuple

from hf_skillset_runtime.compare.differences import differences

from ..distance import Distance, distance
from ..forms import FORMS, plain, unwrapped
from ..probe import Ended, Probe, described
from .endpoint import wrong_tuple

SAME = 1e-6
"""Largest difference of two results that count as the same."""


def handler_answers(probe: Probe) -> str:
    """The handler returns a result for every sample."""
    probe.answers = [probe.ask(place) for place in range(len(probe.prepared.samples))]
    return f"results for {len(probe.answers)} samples; the first: {probe.answers[0]!r:.160}"


def is_repeatable(probe: Probe) -> str:
    """The same input returns the same result."""
    if problems := differences(probe.ask(0), probe.answers[0], SAME):
        raise Ended(f"a second call with the same input differs: {problems[0][:300]}")
    return "a second call returns the same result"


def input_matters(probe: Probe) -> str:
    """Another input returns another result, if it does in transformers."""
    right = probe.prepared.answers[0]
    if all(same(one, right[0]) for one in right[1:]):
        return "inconclusive: transformers returns the same result for all samples"
    if all(same(one, probe.answers[0]) for one in probe.answers[1:]):
        raise Ended(f"all {len(probe.answers)} samples give {probe.answers[0]!r:.160}")
    return "another sample gives another result"


def weights_matter(probe: Probe) -> str:
    """Other weights return another result, if they do in transformers."""
    first, other = probe.prepared.answers
    if all(same(one, two) for one, two in zip(first, other)):
        return "inconclusive: in transformers, both checkpoints give the same results"
    try:
        opened = probe.open(probe.prepared.checkpoints[1])
    except Exception as error:
        raise Ended(f"the second checkpoint: init raises {described(error)}") from error
    if problem := wrong_tuple(opened):
        raise Ended(f"the second checkpoint: init {problem}")
    answers = [probe.ask(place, opened[2]) for place in range(len(probe.answers))]
    if all(same(one, two) for one, two in zip(answers, probe.answers)):
        raise Ended(f"a checkpoint with other weights gives the same: {answers[0]!r:.160}")
    return "a checkpoint with other weights gives another result"


def equals_transformers(probe: Probe) -> str:
    """The results equal those of transformers, in one of the forms that the dialect allows."""
    names = probe.dialect.forms(probe.prepared.output_format)
    worst = max((closest(probe, place, names) for place in range(len(probe.answers))), key=badness)
    if worst.distance.equal:
        return f"equal in the form {worst.form}; {worst.distance}"
    raise Ended(
        f"closest in the form {worst.form}, {worst.distance}: got {worst.actual!r:.160}; "
        f"expected {worst.expected!r:.160}"
    )


class Comparison(NamedTuple):
    """A result and the expected one, in one form."""

    form: str
    actual: Any
    expected: Any
    distance: Distance


def closest(probe: Probe, place: int, names: list[str]) -> Comparison:
    """The comparison of a result with the closest form of the expected one."""
    actual, expected = probe.answers[place], probe.prepared.answers[0][place]
    tolerance = probe.prepared.tolerance
    compared = []
    for name in names:
        if (form := FORMS[name](expected)) is not None:
            wanted = unwrapped(plain(form))
            wanted = wanted.strip() if isinstance(wanted, str) else wanted
            compared.append(Comparison(name, actual, wanted, distance(actual, wanted, tolerance)))
    return min(compared, key=badness)


def badness(comparison: Comparison) -> tuple[bool, bool, float, float]:
    """Sort key of comparisons: equal ones first, then those of equal shape, then by error."""
    measured = comparison.distance
    return (not measured.equal, not measured.same_shape, 1 - measured.cosine, measured.wrong)


def same(one: Any, other: Any) -> bool:
    """Whether two results are the same."""
    return not differences(one, other, SAME)
