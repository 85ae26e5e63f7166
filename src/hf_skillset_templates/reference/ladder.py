"""The ladder: checks (rungs) in a fixed order; the first failed one determines the verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from hf_skillset_templates.isolation import enter_stage, report

from .probe import Ended, Probe, described

EQUAL = "equal to transformers"


class Rung(NamedTuple):
    """One check of a module."""

    name: str
    verdict: str
    """The verdict on a module that fails it."""
    stage: str
    """The stage of its result record."""
    check: Callable[[Probe], str]
    """Returns the evidence that the module passes, or raises `Ended` with the evidence."""


class Step(NamedTuple):
    """The outcome of one rung."""

    rung: str
    passed: bool
    evidence: str


def climb(rungs: Sequence[Rung], probe: Probe) -> list[Step]:
    """Run the rungs up to the first failed one; returns their outcomes."""
    steps: list[Step] = []
    for rung in rungs:
        enter_stage(rung.name)
        steps.append(step_on(rung, probe))
        report(steps[-1]._asdict())
        if not steps[-1].passed:
            break
    return steps


def step_on(rung: Rung, probe: Probe) -> Step:
    """Run one rung; an unexpected exception of the module is a failure."""
    try:
        return Step(rung.name, True, rung.check(probe))
    except Ended as ended:
        return Step(rung.name, False, str(ended))
    except (Exception, SystemExit) as error:
        return Step(rung.name, False, described(error))


def verdict_of(rungs: Sequence[Rung], steps: Sequence[Step]) -> str:
    """The verdict of the steps."""
    for step in steps:
        if not step.passed:
            return next(rung.verdict for rung in rungs if rung.name == step.rung)
    return EQUAL


def as_data(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """Steps as JSON-compatible data."""
    return [step._asdict() for step in steps]
