"""Checks one module; called by `isolation.run_isolated`, so argument and result are JSON."""

from __future__ import annotations

from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from hf_skillset_templates.isolation import enter_stage

from .claims import claimed
from .dialect import read_dialects
from .guard import close_in
from .ladder import as_data, climb, verdict_of
from .modules import Source
from .prepare import read_expected
from .probe import Probe
from .rungs import INTERFACE, RUNGS

FUNCTION = "hf_skillset_templates.reference.job:check_alone"
LONGEST_OUTPUT = 4000


def check_alone(argument: dict[str, Any]) -> dict[str, Any]:
    """`check` in a separate process."""
    import torch

    torch.set_num_threads(1)
    enter_stage("start")
    close_in(Path(argument["workspace"]))
    return check(argument)


def check(argument: dict[str, Any]) -> dict[str, Any]:
    """The steps and the verdict of a module.

    `argument` is `{"path", "model_type", "platform", "dialect", "workspace"}`. With `task` and
    `expected` (the folder that `prepare` wrote) all rungs run, otherwise those of the interface.
    """
    expected = argument.get("expected")
    probe = Probe(
        source=Source(Path(argument["path"])),
        model_type=argument["model_type"],
        platform=argument["platform"],
        workspace=Path(argument["workspace"]),
        dialects=read_dialects(),
        chosen=argument.get("dialect"),
        task=argument.get("task"),
        expected=read_expected(Path(expected)) if expected else None,
    )
    rungs = RUNGS if expected else INTERFACE
    with redirect_stdout(probe.output), redirect_stderr(probe.output):
        steps = climb(rungs, probe)
    output = probe.output.getvalue()
    return {
        "steps": as_data(steps),
        "verdict": verdict_of(rungs, steps),
        "offered": probe.offered,
        "names": probe.names,
        "dialect": probe.dialect.name if probe.dialect_found else None,
        "methods": methods_of(probe.skillset),
        "takes_task": probe.dialect_found is not None and probe.dialect.keywords_for_task,
        "claims": claimed(probe.results, output, probe.dialect_found),
        "output": output[-LONGEST_OUTPUT:],
    }


def methods_of(skillset: Any) -> list[str]:
    """The public methods of a skillset, sorted."""
    names = (name for name in dir(skillset) if not name.startswith("_"))
    return [name for name in names if callable(getattr(skillset, name))]
