"""Runs the cells (task, platform) of one generated package with its tiny model.

Meant for `isolation.run_isolated`: the argument and the result are JSON, and each step is
announced, so that a crash says where it happened.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from ..isolation import enter_stage, report
from ..model_imports import MODEL_IMPORTS

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
    """One record for each cell.

    `argument` is `{"package": folder, "name": package, "cells": [[task, platform], ...]}`.

    A record has the fields of the package's own `TestRecord` and `stage`, how far the cell
    came: `config`, `build`, `load` (or `export` or `compile`, where the platform can tell
    them apart), `run`, `match`.
    """
    limit_threads()
    package = Path(argument["package"])
    sys.path[:0] = [str(package / "src"), str(package / "tests")]
    enter_stage("config")
    module = importlib.import_module(argument["name"])
    skillset_class = getattr(module, getattr(module, "__all__", [argument["name"]])[-1])
    checkpoints: dict[str, str] = {}
    records = []
    with tempfile.TemporaryDirectory() as folder:
        skillset = skillset_class(metadata={"cache_dir": str(Path(folder, "exports"))})
        for task, platform in argument["cells"]:
            records.append(run_cell(skillset, platform, task, Path(folder), checkpoints))
            report(records[-1])
    return records


def limit_threads() -> None:
    """One thread for each cell: as many cells run as there are cores."""
    import torch

    torch.set_num_threads(1)


def run_cell(
    skillset: Any, platform: str, task: str, folder: Path, checkpoints: dict[str, str]
) -> dict[str, Any]:
    """Build, load and run one cell; `checkpoints` keeps what was built for other cells."""
    import tiny_checkpoint

    started = time.perf_counter()
    known = {"model_type": skillset.model_type, "task": task, "platform": platform}
    if not tiny_checkpoint.exists():
        return {**known, "status": "NO TINY MODEL", "stage": "config", "detail": ""}
    stage = "build"
    try:
        enter_stage(stage)
        model_class = skillset.task(task).auto_class
        if model_class not in checkpoints:
            target = folder / model_class
            checkpoints[model_class] = str(tiny_checkpoint.build_checkpoint(model_class, target))
        stage = "load"
        enter_stage(stage)
        opened = getattr(skillset, f"init_{platform}")(checkpoints[model_class], task=task)
        stage = "run"
        enter_stage(stage)
        record = skillset.__test__(checkpoints[model_class], opened.handler, platform).to_dict()
        if platform != "cpu" and record["status"] != "FAILED":
            stage = "match"
            enter_stage(stage)
            record |= match(skillset, checkpoints[model_class], opened.handler)
            record["in_parts"] = opened.handler.platform.in_parts(opened.handler.endpoint)
    except Exception as error:
        stage = getattr(error, "stage", stage)
        unavailable = type(error).__name__ == "HardwareUnavailableError"
        detail = f"{type(error).__name__}: {error}"
        record = {**known, "status": "UNAVAILABLE" if unavailable else "FAILED", "detail": detail}
    return {**record, "model": "tiny", "stage": stage, "seconds": time.perf_counter() - started}


def match(skillset: Any, checkpoint: str, handler: Any) -> dict[str, Any]:
    """What a comparison with CPU adds to a record: the errors, and what is wrong with them."""
    package = skillset.__class__.__module__.partition(".")[0]
    parity = importlib.import_module(f"{package}.parity")
    self_test = importlib.import_module(f"{package}.self_test")
    reference = skillset.init_cpu(checkpoint, task=handler.spec.name).handler
    samples = self_test.sample_inputs(handler.spec, reference.processor)
    facts = skillset.registry["platforms"][handler.platform.name]
    verdicts = [parity.compare(handler, reference, what, facts) for what in (samples[0], samples)]
    worst = max(verdicts, key=lambda verdict: verdict.error.max_abs)
    found = {
        "max_error": worst.error.max_abs,
        "cosine": min(verdict.error.cosine for verdict in verdicts),
        "tolerance": worst.tolerance,
        "tie": verdicts[0].tie or verdicts[1].tie,
    }
    problem = verdicts[0].problem or verdicts[1].problem
    return {"parity": found, **({"status": "FAILED", "detail": problem} if problem else {})}
