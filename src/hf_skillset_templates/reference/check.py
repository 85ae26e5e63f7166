"""Checks modules, each in separate processes: their interface, and the rungs that they pass."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hf_skillset_templates.isolation import Limits, preload, run_isolated
from hf_skillset_templates.model_imports import MODEL_IMPORTS
from hf_skillset_templates.results.records import FAILED, Record

from . import job, prepare
from .claims import MOCK, REAL
from .guard import OFFLINE
from .ladder import EQUAL
from .modules import Source
from .rungs import RUNGS

UNKNOWN_TYPE = "model type is unknown"
NO_TINY_MODEL = "model type has no tiny model"
CUT_OFF = "ends its process"
NOT_JUDGED = "cannot be checked, because computing the expected results failed"
FAKES = ("parts are fakes", "input does not matter", "weights do not matter")
"""Verdicts on modules that do not compute the model."""


@dataclass(frozen=True)
class Checker:
    """Checks modules on one platform."""

    workspace: Path
    """A folder for checkpoints, which modules of the same model type and task share."""
    limits: Limits
    platform: str = "cpu"
    model_type: str | None = None
    """Replaces the model type in a module's name."""
    dialect: str | None = None
    tasks: tuple[str, ...] = ()
    """Only these; empty for all tasks of a module."""
    prepared: dict[tuple[str, str], Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Preload the common imports of the checks, and disable the hub."""
        os.environ.update(OFFLINE)
        preload(*MODEL_IMPORTS, prepare.__name__, job.__name__)

    def check(self, source: Source) -> Iterator[Record]:
        """One record for each task of a module; only the first one if tasks cannot be selected."""
        model_type = self.model_type or source.model_type
        if model_type is None:
            yield record(source, "unknown", "", self.platform, {"verdict": UNKNOWN_TYPE})
            return
        offer = self.run(source, model_type, {})
        if offer["verdict"] != EQUAL:
            yield record(source, model_type, "", self.platform, offer)
            return
        tasks = [task for task in offer["offered"] if not self.tasks or task in self.tasks]
        for task in tasks if offer["takes_task"] else tasks[:1]:
            outcome = self.run_task(source, model_type, task)
            yield record(source, model_type, task, self.platform, outcome)

    def run_task(self, source: Source, model_type: str, task: str) -> dict[str, Any]:
        """The outcome of the check of one task."""
        folder, ready = self.expected(model_type, task)
        if ready is not True:
            if ready is False:
                return {"verdict": NO_TINY_MODEL}
            return {"verdict": f"{NOT_JUDGED}: {ready['stage']}: {ready['error']}"}
        return self.run(source, model_type, {"task": task, "expected": str(folder)})

    def expected(self, model_type: str, task: str) -> tuple[Path, Any]:
        """The folder with checkpoints and expected results, and the outcome of `prepare`."""
        folder = self.workspace / model_type / task
        key = (model_type, task)
        if key not in self.prepared:
            folder.mkdir(parents=True, exist_ok=True)
            wanted = {"model_type": model_type, "task": task, "folder": str(folder)}
            limits = self.limits
            self.prepared[key] = run_isolated(
                prepare.FUNCTION, wanted, limits.timeout_s, limits.memory_mb
            )
        return folder, self.prepared[key]

    def run(self, source: Source, model_type: str, more: dict[str, str]) -> dict[str, Any]:
        """One isolated check; if the process died, the steps before that."""
        with tempfile.TemporaryDirectory(dir=self.workspace) as place:
            argument = {
                "path": str(source.path),
                "model_type": model_type,
                "platform": self.platform,
                "dialect": self.dialect,
                "workspace": place,
                **more,
            }
            limits = self.limits
            outcome = run_isolated(job.FUNCTION, argument, limits.timeout_s, limits.memory_mb)
        if "verdict" in outcome:
            return dict(outcome)
        last = {"rung": outcome["stage"], "passed": False, "evidence": outcome["error"]}
        return {"verdict": CUT_OFF, "steps": [*outcome["parts"], last]}


def record(
    source: Source, model_type: str, task: str, platform: str, outcome: dict[str, Any]
) -> Record:
    """The result record of a check, with the evidence of each rung."""
    steps = outcome.get("steps", [])
    verdict, claims = outcome["verdict"], outcome.get("claims", "")
    ended = steps[-1] if steps else {"rung": "start", "evidence": ""}
    stages = {rung.name: rung.stage for rung in RUNGS}
    equal = verdict == EQUAL
    detail = ended["evidence"] if equal else f"{verdict}: {ended['evidence']}".removesuffix(": ")
    status = "NO TINY MODEL" if verdict == NO_TINY_MODEL else REAL if equal else FAILED
    return {
        "model_type": model_type,
        "task": task,
        "platform": platform,
        "status": status,
        "stage": "match" if equal else stages.get(ended["rung"], "start"),
        "detail": detail,
        "module": source.label,
        "path": str(source.path),
        "verdict": verdict,
        "rung": ended["rung"],
        "claims": claims,
        "found": REAL if equal else MOCK if verdict in FAKES else "",
        "steps": steps,
        "output": outcome.get("output", ""),
    }
