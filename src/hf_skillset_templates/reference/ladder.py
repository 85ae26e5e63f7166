"""The ladder of verdicts: rungs in an order; a module ends where it does not get over one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from hf_skillset_templates.isolation import enter_stage, report

from .probe import Ended, Probe, described

EQUAL = "equal to transformers"


class Rung(NamedTuple):
    """One question about a module."""

    name: str
    verdict: str
    """The verdict on a module that ends here."""
    stage: str
    """Where a result record says that it ended."""
    check: Callable[[Probe], str]
    """Returns the evidence that the module got over it, or raises `Ended` with the evidence."""


class Step(NamedTuple):
    """What happened on one rung."""

    rung: str
    passed: bool
    evidence: str


def climb(rungs: Sequence[Rung], probe: Probe) -> list[Step]:
    """The rungs that a module came to; the last one is not passed where it ended there."""
    steps: list[Step] = []
    for rung in rungs:
        enter_stage(rung.name)
        steps.append(step_on(rung, probe))
        report(steps[-1]._asdict())
        if not steps[-1].passed:
            break
    return steps


def step_on(rung: Rung, probe: Probe) -> Step:
    """Run one rung; an unexpected exception of the module also ends the ladder."""
    try:
        return Step(rung.name, True, rung.check(probe))
    except Ended as ended:
        return Step(rung.name, False, str(ended))
    except (Exception, SystemExit) as error:
        return Step(rung.name, False, described(error))


def verdict_of(rungs: Sequence[Rung], steps: Sequence[Step]) -> str:
    """The verdict of a climb."""
    for step in steps:
        if not step.passed:
            return next(rung.verdict for rung in rungs if rung.name == step.rung)
    return EQUAL


def as_data(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """Steps as JSON."""
    return [step._asdict() for step in steps]
