"""The results of a handler: they depend on input and weights, and are correct."""

from __future__ import annotations

from typing import Any, NamedTuple

from hf_skillset_runtime.compare.differences import differences

from ..distance import Distance, distance
from ..forms import FORMS, plain, unwrapped
from ..probe import Ended, Probe, described
from .endpoint import wrong_tuple

SAME = 1e-6
"""Two answers of one model to one input that are further apart than this are two answers."""


def handler_answers(probe: Probe) -> str:
    """The handler answers every sample."""
    probe.answers = [probe.ask(place) for place in range(len(probe.prepared.samples))]
    return f"answers {len(probe.answers)} samples; the first: {probe.answers[0]!r:.160}"


def is_repeatable(probe: Probe) -> str:
    """The same input returns the same result."""
    if problems := differences(probe.ask(0), probe.answers[0], SAME):
        raise Ended(f"a second call with the same input differs: {problems[0][:300]}")
    return "a second call gives the same"


def input_matters(probe: Probe) -> str:
    """Another input returns another result, if it does in transformers."""
    right = probe.prepared.answers[0]
    if all(same(one, right[0]) for one in right[1:]):
        return "cannot be told: transformers gives the same for all samples"
    if all(same(one, probe.answers[0]) for one in probe.answers[1:]):
        raise Ended(f"all {len(probe.answers)} samples give {probe.answers[0]!r:.160}")
    return "another sample gives another answer"


def weights_matter(probe: Probe) -> str:
    """Other weights return another result, if they do in transformers."""
    first, other = probe.prepared.answers
    if all(same(one, two) for one, two in zip(first, other)):
        return "cannot be told: with transformers, both checkpoints give the same"
    try:
        opened = probe.open(probe.prepared.checkpoints[1])
    except Exception as error:
        raise Ended(f"the second checkpoint: init raises {described(error)}") from error
    if problem := wrong_tuple(opened):
        raise Ended(f"the second checkpoint: init {problem}")
    answers = [probe.ask(place, opened[2]) for place in range(len(probe.answers))]
    if all(same(one, two) for one, two in zip(answers, probe.answers)):
        raise Ended(f"a checkpoint of other weights gives the same: {answers[0]!r:.160}")
    return "a checkpoint of other weights gives another answer"


def equals_transformers(probe: Probe) -> str:
    """The answers are those of transformers, in one of the forms that the dialect allows."""
    names = probe.dialect.forms(probe.prepared.output_format)
    worst = max((closest(probe, place, names) for place in range(len(probe.answers))), key=badness)
    if worst.distance.equal:
        return f"equal as {worst.form}; {worst.distance}"
    raise Ended(
        f"closest as {worst.form}, {worst.distance}: {worst.actual!r:.160}"
        f" in place of {worst.right!r:.160}"
    )


class Comparison(NamedTuple):
    """An answer and the expected one, in one form."""

    form: str
    actual: Any
    right: Any
    distance: Distance


def closest(probe: Probe, place: int, names: list[str]) -> Comparison:
    """An answer beside the form of the right one that is nearest to it."""
    actual, right = probe.answers[place], probe.prepared.answers[0][place]
    tolerance = probe.prepared.tolerance
    compared = []
    for name in names:
        if (form := FORMS[name](right)) is not None:
            wanted = unwrapped(plain(form))
            wanted = wanted.strip() if isinstance(wanted, str) else wanted
            compared.append(Comparison(name, actual, wanted, distance(actual, wanted, tolerance)))
    return min(compared, key=badness)


def badness(comparison: Comparison) -> tuple[bool, bool, float, float]:
    """Orders comparisons: equal ones first, then those of the right shape, then by error."""
    measured = comparison.distance
    return (not measured.equal, not measured.same_shape, 1 - measured.cosine, measured.wrong)


def same(one: Any, other: Any) -> bool:
    """Whether two answers are the same."""
    return not differences(one, other, SAME)
