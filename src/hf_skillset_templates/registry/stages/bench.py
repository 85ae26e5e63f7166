"""The tiny model of a model type, opened as in its package."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hf_skillset_runtime.testing.tiny_checkpoint import TinyCheckpoints
from hf_skillset_templates.registry.store.paths import TINY
from hf_skillset_templates.source_skillset import source_skillset

from .running import Outcome, Workers, side_by_side


class Bench:
    """The tiny model of a model type, opened as its package opens it."""

    def __init__(self, model_type: str, folder: Path) -> None:
        self.skillset = source_skillset(model_type)()
        self.checkpoints = TinyCheckpoints(self.skillset, TINY / model_type, folder)

    def open(self, task: str) -> Any:
        """The endpoint of a task on the CPU."""
        return self.skillset.init_cpu(self.checkpoints.of(task), task=task)


def on_tiny_models(
    stage: str,
    function: str,
    record: Callable[[str, dict[str, Any]], tuple[bool, str]],
    model_types: list[str],
    workers: Workers,
) -> Iterator[Outcome]:
    """Run a job with the packages' own code on every tiny model; `record` stores its result."""

    def work(model_type: str) -> tuple[bool, str]:
        result = workers.isolated(function, {"model_type": model_type})
        return record(model_type, result)

    built = [name for name in model_types if (TINY / name / "config.json").is_file()]
    yield from side_by_side(stage, work, built, workers.jobs)
