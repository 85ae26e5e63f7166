"""The tiny model of a model type, opened as its package opens it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hf_skillset_runtime.testing.tiny_checkpoint import build_for_task
from hf_skillset_templates.registry.store.paths import TINY
from hf_skillset_templates.source_skillset import source_skillset

from .running import Outcome, Workers, side_by_side


class Bench:
    """The tiny model of a model type, opened as its package does; each checkpoint is built once."""

    def __init__(self, model_type: str, folder: Path) -> None:
        self.folder = folder
        self.tiny = TINY / model_type
        self.skillset = source_skillset(model_type)()
        self.built: dict[str, Path] = {}

    def open(self, task: str) -> Any:
        """The endpoint of a task on the CPU."""
        auto_class = self.skillset.task(task).auto_class
        if auto_class not in self.built:
            target = self.folder / auto_class
            self.built[auto_class] = build_for_task(self.skillset, task, self.tiny, target)
        return self.skillset.init_cpu(str(self.built[auto_class]), task=task)


def on_tiny_models(
    stage: str,
    function: str,
    record: Callable[[str, dict[str, Any]], tuple[bool, str]],
    model_types: list[str],
    workers: Workers,
) -> Iterator[Outcome]:
    """Run a job with the packages' own code on every tiny model; `record` keeps what it found."""

    def work(model_type: str) -> tuple[bool, str]:
        result = workers.isolated(function, {"model_type": model_type})
        return record(model_type, result)

    built = [name for name in model_types if (TINY / name / "config.json").is_file()]
    yield from side_by_side(stage, work, built, workers.jobs)
