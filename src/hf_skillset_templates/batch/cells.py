"""Runs the cells (task, platform) of one generated package with its tiny model.

Meant for `isolation.run_isolated`: the argument and the result are JSON, and each step is
announced, so that a crash says where it happened.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hf_skillset_templates.isolation import enter_stage, report
from hf_skillset_templates.model_imports import MODEL_IMPORTS

FUNCTION = "hf_skillset_templates.batch.cells:run_package"
PRELOAD = (
    *MODEL_IMPORTS,
    "hf_skillset_templates.batch.export_imports",
    "torch._inductor.standalone_compile",
    "torch.onnx._internal.exporter._torchlib.ops",
    "networkx",
)
"""What the fork server imports once; a cell that exports takes a quarter of the time so."""


def run_package(argument: dict[str, Any]) -> list[dict[str, Any]]:
    """One record for each cell of `{"package": folder, "cells": [[task, platform], ...]}`.

    A record has the fields of the package's own `TestRecord` and `stage`, how far the cell
    came: `config`, `build`, `load` (or `export` or `compile`, where the platform can tell
    them apart), `run`, `match`.
    """
    limit_threads()
    package = Path(argument["package"])
    sys.path.insert(0, str(package / "src"))
    enter_stage("config")
    skillset_class = getattr(importlib.import_module(package.name), package.name)
    records = []
    with tempfile.TemporaryDirectory() as folder:
        skillset = skillset_class(metadata={"cache_dir": str(Path(folder, "exports"))})
        checkpoints = Checkpoints(skillset, package / "tests" / "tiny", Path(folder))
        for task, platform in argument["cells"]:
            records.append(run_cell(skillset, platform, task, checkpoints))
            report(records[-1])
    return records


def limit_threads() -> None:
    """One thread for each cell: as many cells run as there are cores."""
    import torch

    torch.set_num_threads(1)


def runtime_module(skillset: Any, name: str) -> Any:
    """A module of the runtime that a skillset is made with, its package's own or the shared one."""
    base = next(cls for cls in type(skillset).__mro__ if cls.__name__ == "Skillset")
    return importlib.import_module(f"{base.__module__.rpartition('.')[0]}.{name}")


@dataclass
class Checkpoints:
    """The checkpoints of one tiny model; that of each model class is built once."""

    skillset: Any
    tiny: Path
    folder: Path
    built: dict[str, str] = field(default_factory=dict)

    @property
    def builder(self) -> Any:
        """The runtime's module that builds them."""
        return runtime_module(self.skillset, "testing.tiny_checkpoint")

    def exist(self) -> bool:
        """Whether there is a tiny model."""
        return bool(self.builder.exists(self.tiny))

    def of(self, task: str) -> str:
        """The checkpoint folder of a task."""
        model_class = self.skillset.task(task).auto_class
        if model_class not in self.built:
            target = self.folder / model_class
            self.built[model_class] = str(
                self.builder.build_for_task(self.skillset, task, self.tiny, target)
            )
        return self.built[model_class]


def run_cell(skillset: Any, platform: str, task: str, checkpoints: Checkpoints) -> dict[str, Any]:
    """Build, load and run one cell."""
    started = time.perf_counter()
    known = {"model_type": skillset.model_type, "task": task, "platform": platform}
    if not checkpoints.exist():
        return {**known, "status": "NO TINY MODEL", "stage": "config", "detail": ""}
    stage = "build"
    try:
        enter_stage(stage)
        checkpoint = checkpoints.of(task)
        stage = "load"
        enter_stage(stage)
        opened = getattr(skillset, f"init_{platform}")(checkpoint, task=task)
        stage = "run"
        enter_stage(stage)
        record = skillset.__test__(checkpoint, opened.handler, platform).to_dict()
        if platform != "cpu" and record["status"] != "FAILED":
            stage = "match"
            enter_stage(stage)
            record |= match(skillset, checkpoint, opened.handler)
    except Exception as error:
        stage = getattr(error, "stage", stage)
        unavailable = type(error).__name__ == "HardwareUnavailableError"
        detail = f"{type(error).__name__}: {error}"
        record = {**known, "status": "UNAVAILABLE" if unavailable else "FAILED", "detail": detail}
    record["evidence"] = runtime_module(skillset, "compare.parity").EVIDENCE
    return {**record, "model": "tiny", "stage": stage, "seconds": time.perf_counter() - started}


def match(skillset: Any, checkpoint: str, handler: Any) -> dict[str, Any]:
    """What a comparison with CPU adds to a record: the errors, and what is wrong with them."""
    parity = runtime_module(skillset, "compare.parity")
    self_test = runtime_module(skillset, "self_test")
    reference = skillset.init_cpu(checkpoint, task=handler.spec.name).handler
    samples = self_test.sample_inputs(handler.spec, reference.processor)
    facts = skillset.registry["platforms"][handler.platform.name]
    verdict = parity.compare(handler, reference, samples, facts)
    found = {"parity": verdict.record()}
    return found | ({"status": "FAILED", "detail": verdict.problem} if verdict.problem else {})
