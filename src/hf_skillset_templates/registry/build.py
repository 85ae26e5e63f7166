"""Builds the registry's entries in stages; what hangs, crashes or eats memory fails alone.

| stage | what it adds |
| --- | --- |
| facts | what transformers' sources say: tasks, processors, dependencies, checkpoint |
| tiny | `registry/tiny/<model_type>/` and how it was found |
| sizes | parameters, memory, width and longest input of the default configuration |
| shapes | the tensors of every task |
| precision | whether the first task runs in bfloat16 and float16 |
| dependencies | whether the stated dependencies are all that is needed |
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hf_skillset_templates import isolation
from hf_skillset_templates.model_imports import MODEL_IMPORTS
from hf_skillset_templates.registry.stages import dependencies as confirm
from hf_skillset_templates.registry.stages import facts, precision
from hf_skillset_templates.registry.stages import sizes as full_size
from hf_skillset_templates.registry.stages.publish import merge_entry, publish_folder
from hf_skillset_templates.registry.stages.runtime import assemble
from hf_skillset_templates.registry.stages.shapes import measure as shapes
from hf_skillset_templates.registry.store.entries import entry_path, read_entry
from hf_skillset_templates.registry.store.errors import as_recorded
from hf_skillset_templates.registry.store.paths import REGISTRY, TINY
from hf_skillset_templates.tiny import build as tiny_build

STAGING = REGISTRY / ".staging"
OWN_IMPORTS = tuple(
    f"hf_skillset_templates.{name}"
    for name in ("tiny.config.shrink", "tiny.processor.build", "registry.stages.shapes.measure")
)
Entry = dict[str, Any]


@dataclass(frozen=True)
class Limits:
    """How many processes at a time, and what one model type may use of each."""

    jobs: int = 1
    timeout_s: float = 180.0
    memory_mb: int = 8000


@dataclass(frozen=True)
class Outcome:
    """How one stage of one model type went; `seconds` is wall-clock time."""

    model_type: str
    stage: str
    seconds: float
    changed: bool
    error: str = ""

    @property
    def ok(self) -> bool:
        return not self.error

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "ok": self.ok}


@dataclass(frozen=True)
class Stage:
    """Whether an entry still lacks what a stage adds, and how the model types get it."""

    is_missing: Callable[[Entry], bool]
    run: Callable[[list[str], Limits], Iterator[Outcome]]


def build(stage: str, model_types: list[str], limits: Limits) -> Iterator[Outcome]:
    """Run a stage over the model types; yields each outcome as it comes."""
    isolation.preload(*MODEL_IMPORTS, *OWN_IMPORTS)
    if model_types:
        yield from STAGES[stage].run(model_types, limits)


def missing(stage: str, model_types: list[str]) -> list[str]:
    """The model types whose entry lacks what the stage adds."""
    return [name for name in model_types if STAGES[stage].is_missing(read_entry(name))]


def side_by_side(
    stage: str, work: Callable[[str], tuple[bool, str]], model_types: list[str], jobs: int
) -> Iterator[Outcome]:
    """`work` returns whether an entry changed, and the error; `jobs` model types at a time."""

    def timed(model_type: str) -> Outcome:
        started = time.monotonic()
        changed, error = work(model_type)
        return Outcome(model_type, stage, time.monotonic() - started, changed, error)

    waiting = list(reversed(model_types))
    running: set[Future[Outcome]] = set()
    with ThreadPoolExecutor(jobs) as pool:
        while waiting or running:
            while waiting and len(running) < jobs:
                running.add(pool.submit(timed, waiting.pop()))
            done, running = wait(running, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in done)


def run_facts(model_types: list[str], limits: Limits) -> Iterator[Outcome]:
    """All at once: the sources are read once for all of them."""
    started = time.monotonic()
    changed = facts.build_facts(model_types)
    seconds = (time.monotonic() - started) / len(model_types)
    yield from (Outcome(name, "facts", seconds, name in changed) for name in model_types)


def run_tiny(model_types: list[str], limits: Limits) -> Iterator[Outcome]:
    """A tiny folder and what is known of it, or where the search failed."""

    def work(model_type: str) -> tuple[bool, str]:
        staged, path = STAGING / model_type, entry_path(model_type)
        job = {"model_type": model_type, "folder": str(staged)}
        result = isolation.run_isolated(
            tiny_build.FUNCTION, job, limits.timeout_s, limits.memory_mb
        )
        if "error" not in result:
            changed = publish_folder(staged, TINY / model_type)
            return merge_entry(path, {"tiny": result["tiny"]}) or changed, ""
        shutil.rmtree(staged, ignore_errors=True)
        shutil.rmtree(TINY / model_type, ignore_errors=True)
        failure = {"stage": result["stage"], "error": as_recorded(result["error"])}
        return merge_entry(path, {"tiny": failure}), f"{failure['stage']}: {failure['error']}"

    yield from side_by_side("tiny", work, model_types, limits.jobs)
    shutil.rmtree(STAGING, ignore_errors=True)


def run_sizes(model_types: list[str], limits: Limits) -> Iterator[Outcome]:
    """The default configuration, built on the meta device."""

    def work(model_type: str) -> tuple[bool, str]:
        entry = read_entry(model_type)
        head = entry["tasks"][entry["primary_task"]]["model_class"]
        job = {"model_type": model_type, "model_class": head}
        found = isolation.run_isolated(full_size.FUNCTION, job, limits.timeout_s, limits.memory_mb)
        return full_size.record(entry, found), full_size.error_of(found)

    yield from side_by_side("sizes", work, model_types, limits.jobs)


def run_shapes(model_types: list[str], limits: Limits) -> Iterator[Outcome]:
    """The tiny model at several sizes; model types without one have no shapes."""

    def record(model_type: str, found: dict[str, Any]) -> tuple[bool, str]:
        if "stage" in found:
            found = dict.fromkeys(read_entry(model_type)["tasks"], found)
        changed = shapes.record(model_type, found)
        failed = read_entry(model_type)["shapes"]["failed"]
        return changed, "; ".join(f"{task}: {reason}" for task, reason in failed.items())

    yield from on_tiny_models("shapes", shapes.FUNCTION, record, model_types, limits)


def run_precision(model_types: list[str], limits: Limits) -> Iterator[Outcome]:
    """The tiny model in half precision; a dtype that does not run is a finding, no failure."""

    def record(model_type: str, found: dict[str, Any]) -> tuple[bool, str]:
        return precision.record(model_type, found), found.get("error", "")

    yield from on_tiny_models("precision", precision.FUNCTION, record, model_types, limits)


def on_tiny_models(
    stage: str,
    function: str,
    record: Callable[[str, dict[str, Any]], tuple[bool, str]],
    model_types: list[str],
    limits: Limits,
) -> Iterator[Outcome]:
    """Run a job with the packages' own code on every tiny model; `record` keeps what it found."""
    with tempfile.TemporaryDirectory() as folder:
        assemble(Path(folder))

        def work(model_type: str) -> tuple[bool, str]:
            job = {"model_type": model_type, "runtime": folder}
            found = isolation.run_isolated(function, job, limits.timeout_s, limits.memory_mb)
            return record(model_type, found)

        built = [name for name in model_types if (TINY / name / "config.json").is_file()]
        yield from side_by_side(stage, work, built, limits.jobs)


def run_dependencies(model_types: list[str], limits: Limits) -> Iterator[Outcome]:
    """Model types with the same requirements share an environment."""
    started = time.monotonic()
    for model_type, found, changed in confirm.confirm(model_types):
        now = time.monotonic()
        yield Outcome(model_type, "dependencies", now - started, changed, found.get("error", ""))
        started = now


STAGES = {
    "facts": Stage(lambda entry: not entry, run_facts),
    "tiny": Stage(lambda entry: "search" not in entry.get("tiny", {}), run_tiny),
    "sizes": Stage(lambda entry: "full_size" not in entry, run_sizes),
    "shapes": Stage(
        lambda entry: "shapes" not in entry and "search" in entry.get("tiny", {}), run_shapes
    ),
    "precision": Stage(
        lambda entry: "half_precision" not in entry and "search" in entry.get("tiny", {}),
        run_precision,
    ),
    "dependencies": Stage(lambda entry: "dependencies_confirmed" not in entry, run_dependencies),
}
