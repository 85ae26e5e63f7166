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

from ..isolation import enter_stage

FUNCTION = "hf_skillset_templates.batch.cells:run_package"
PRELOAD = ("torch", "transformers", "numpy", "PIL.Image", "soundfile", "soxr")
"""What the fork server imports once; OpenVINO and ONNX Runtime must never be among it."""


def run_package(argument: dict[str, Any]) -> list[dict[str, Any]]:
    """One record for each cell of `{"package": folder, "platforms": [...], "tasks": [...]}`.

    Empty `tasks` means all that the package has. A record has the fields of the package's
    own `TestRecord` and `stage`: `config`, `build`, `load` or `run`, how far the cell came.
    """
    limit_threads()
    package = Path(argument["package"])
    sys.path[:0] = [str(package / "src"), str(package / "tests")]
    enter_stage("config")
    skillset_class = getattr(importlib.import_module(package.name), package.name)
    checkpoints: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        return [
            run_cell(skillset_class(), platform, task, Path(folder), checkpoints)
            for task in argument["tasks"] or skillset_class.registry["tasks"]
            for platform in argument["platforms"]
        ]


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
        enter_stage(f"{task}: {stage}")
        model_class = skillset.task(task).auto_class
        if model_class not in checkpoints:
            target = folder / model_class
            checkpoints[model_class] = str(tiny_checkpoint.build_checkpoint(model_class, target))
        stage = "load"
        enter_stage(f"{task}: {stage}")
        opened = getattr(skillset, f"init_{platform}")(checkpoints[model_class], task=task)
        stage = "run"
        enter_stage(f"{task}: {stage}")
        record = skillset.__test__(checkpoints[model_class], opened.handler, platform).to_dict()
    except Exception as error:
        unavailable = type(error).__name__ == "HardwareUnavailableError"
        detail = f"{type(error).__name__}: {error}"
        record = {**known, "status": "UNAVAILABLE" if unavailable else "FAILED", "detail": detail}
    return {**record, "model": "tiny", "stage": stage, "seconds": time.perf_counter() - started}
