"""Runs the cells (task, platform) of one generated package with its tiny model.

Called by `isolation.run_isolated`: the argument and the result are JSON, and each stage is reported
when it begins, so that a crash can be attributed.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hf_skillset_runtime.compare.parity import EVIDENCE
from hf_skillset_templates.isolation import enter_stage, report
from hf_skillset_templates.model_imports import MODEL_IMPORTS
from hf_skillset_templates.registry.store.platforms import load_platform, platform_names
from hf_skillset_templates.results.machine import installed

FUNCTION = "hf_skillset_templates.batch.cells:run_package"
EXPORT_IMPORTS = (
    "hf_skillset_templates.batch.export_imports",
    "torch._inductor.standalone_compile",
    "torch.onnx._internal.exporter._torchlib.ops",
    "networkx",
)


def imports_for(platforms: Iterable[str]) -> tuple[str, ...]:
    """The modules that the fork server imports once: they take most of the time of a cell."""
    return (*MODEL_IMPORTS, *(() if set(platforms) == {"cpu"} else EXPORT_IMPORTS))


def run_package(argument: dict[str, Any]) -> list[dict[str, Any]]:
    """One record for each cell.

    `argument` is `{"package": folder, "name": package, "cells": [[task, platform], ...]}`, with
    `asked` where the caller's clock (`time.monotonic`) is this machine's.

    A record has the fields of the package's own `TestRecord` and `stage`, the last stage that
    the cell reached: `config`, `build`, `load` (or `export` or `compile`, where the platform
    distinguishes them), `run`, `match`. The first record also has the seconds that all cells
    share: the `start` of the process, and the import of the package in `config`.
    """
    began = time.monotonic()
    shared = {"start": began - argument.get("asked", began)}
    limit_threads()
    package = Path(argument["package"])
    sys.path.insert(0, str(package / "src"))
    enter_stage("config")
    module = importlib.import_module(argument["name"])
    skillset_class = getattr(module, getattr(module, "__all__", [argument["name"]])[-1])
    records: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        skillset = skillset_class(
            metadata={"export_dir": str(Path(folder, "exports")), "dtype": "float32"}
        )
        builder = runtime_module(skillset, "testing.tiny_checkpoint")
        checkpoints = builder.TinyCheckpoints(skillset, package / "tests" / "tiny", Path(folder))
        shared["config"] = time.monotonic() - began
        for task, platform in argument["cells"]:
            record = run_cell(skillset, platform, task, checkpoints)
            records.append(record if records else add_seconds(record, shared))
            report(records[-1])
    return records


def add_seconds(record: dict[str, Any], more: dict[str, float]) -> dict[str, Any]:
    """The record with seconds added to some stages; its total stays that of the cell."""
    known = record.get("stage_seconds", {})
    added = {name: round(known.get(name, 0.0) + spent, 4) for name, spent in more.items()}
    return {**record, "stage_seconds": {**known, **added}}


def limit_threads() -> None:
    """Limit torch to one thread, because cells run in parallel."""
    import torch

    torch.set_num_threads(1)


def runtime_module(skillset: Any, name: str) -> Any:
    """A module of the skillset's runtime, which may be vendored."""
    base = next(cls for cls in type(skillset).__mro__ if cls.__name__ == "Skillset")
    return importlib.import_module(f"{base.__module__.rpartition('.')[0]}.{name}")


class Stages:
    """The current stage of one cell, and the seconds of each."""

    def __init__(self) -> None:
        self.name = "config"
        self.seconds: dict[str, float] = {}
        self._since = time.perf_counter()

    def enter(self, name: str) -> None:
        """Begin a stage, and report it to the parent process."""
        self.end()
        self.name = name
        enter_stage(name)

    def end(self) -> None:
        """Add the seconds of the current stage."""
        now = time.perf_counter()
        self.seconds[self.name] = self.seconds.get(self.name, 0.0) + now - self._since
        self._since = now


def run_cell(skillset: Any, platform: str, task: str, checkpoints: Any) -> dict[str, Any]:
    """Build, load and run one cell."""
    known = {"model_type": skillset.model_type, "task": task, "platform": platform}
    if not checkpoints.exist():
        return {**known, "status": "NO TINY MODEL", "stage": "config", "detail": ""}
    stages = Stages()
    forget_peak_memory()
    try:
        record = run_stages(stages, skillset, platform, task, checkpoints)
        stage = record.pop("stage", "") or stages.name
    except Exception as error:
        stage = getattr(error, "stage", stages.name)
        unavailable = type(error).__name__ == "HardwareUnavailableError"
        detail = f"{type(error).__name__}: {error}"
        status = "UNAVAILABLE" if unavailable else "FAILED"
        record = {**known, "status": status, "detail": detail, "evidence": EVIDENCE}
    stages.end()
    return {**record, "model": "tiny", "stage": stage, **costs(stages), **measured_with(platform)}


def run_stages(
    stages: Stages, skillset: Any, platform: str, task: str, checkpoints: Any
) -> dict[str, Any]:
    """The record of a cell; `stages` has the stage of an exception."""
    stages.enter("build")
    checkpoint = checkpoints.of(task)
    stages.enter("load")
    opened = getattr(skillset, f"init_{platform}")(checkpoint, task=task)
    stages.enter("run")
    record: dict[str, Any] = skillset.__test__(checkpoint, opened.handler, platform).to_dict()
    if platform != "cpu" and record["status"] != "FAILED":
        stages.enter("match")
        record |= match(skillset, checkpoint, opened.handler)
    return record


def costs(stages: Stages) -> dict[str, Any]:
    """Seconds in total and by stage, and peak memory in MiB if the system reports it."""
    measured: dict[str, Any] = {
        "seconds": sum(stages.seconds.values()),
        "stage_seconds": {name: round(spent, 4) for name, spent in stages.seconds.items()},
    }
    peak = peak_memory_mb()
    return measured | ({"peak_memory_mb": peak} if peak is not None else {})


def forget_peak_memory() -> None:
    """Reset the system's peak memory, so that each cell has its own."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_memory_mb() -> float | None:
    """The peak resident set size since `forget_peak_memory` in MiB; None if not reported."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return round(int(line.split()[1]) / 1024, 1)
    return None


def measured_with(platform: str) -> dict[str, Any]:
    """The installed versions of the distributions that results on a platform depend on."""
    if platform not in platform_names():
        return {}
    return {"versions": installed(load_platform(platform)["measured_with"])}


def match(skillset: Any, checkpoint: str, handler: Any) -> dict[str, Any]:
    """The fields of a record from the comparison with the CPU: errors, and the problem if any."""
    parity = runtime_module(skillset, "compare.parity")
    self_test = runtime_module(skillset, "tasks.samples")
    reference = skillset.init_cpu(checkpoint, task=handler.spec.name).handler
    samples = self_test.sample_inputs(handler.spec, reference.processor)
    facts = skillset.registry["platforms"][handler.platform.name]
    verdict = parity.compare(handler, reference, samples, facts)
    outcome = {"parity": verdict.record()}
    return outcome | ({"status": "FAILED", "detail": verdict.problem} if verdict.problem else {})
