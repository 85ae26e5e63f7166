"""Builds entries of the registry, each model type in a process of its own."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from typing import Any

from .. import isolation
from ..tiny import build as tiny_build
from ..tiny.architectures import model_types
from ..tiny.publish import merge_entry, publish_folder
from .paths import MODELS, REGISTRY, TINY

STAGING = REGISTRY / ".staging"


@dataclass(frozen=True)
class Outcome:
    """How building one model type went; `seconds` is wall-clock time."""

    model_type: str
    seconds: float
    changed: bool
    stage: str = ""
    error: str = ""

    @property
    def ok(self) -> bool:
        return not self.error

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "ok": self.ok}


def known_types() -> tuple[str, ...]:
    """Every model type of the universe."""
    return model_types()


def missing_types(chosen: list[str]) -> list[str]:
    """Those without a tiny configuration yet."""
    return [t for t in chosen if not (TINY / t / "config.json").exists()]


def build_all(chosen: list[str], jobs: int, timeout_s: float, memory_mb: int) -> Iterator[Outcome]:
    """Builds the model types, `jobs` at a time, and yields the outcomes as they come."""
    isolation.preload(*tiny_build.PRELOAD)
    waiting = list(reversed(chosen))
    running: set[Future[Outcome]] = set()
    with ThreadPoolExecutor(jobs) as pool:
        while waiting or running:
            while waiting and len(running) < jobs:
                running.add(pool.submit(build_one, waiting.pop(), timeout_s, memory_mb))
            done, running = wait(running, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in done)


def build_one(model_type: str, timeout_s: float, memory_mb: int) -> Outcome:
    """Builds, publishes and records one model type."""
    started = time.monotonic()
    staged = STAGING / model_type
    job = {"model_type": model_type, "folder": str(staged)}
    result = isolation.run_isolated(tiny_build.FUNCTION, job, timeout_s, memory_mb)
    if "error" in result:
        shutil.rmtree(staged, ignore_errors=True)
        failure = {"stage": result["stage"], "error": result["error"]}
        changed = merge_entry(MODELS / f"{model_type}.json", {"tiny": failure})
        return Outcome(model_type, time.monotonic() - started, changed, **failure)
    changed = publish_folder(staged, TINY / model_type)
    changed |= merge_entry(MODELS / f"{model_type}.json", {"tiny": result["tiny"]})
    return Outcome(model_type, time.monotonic() - started, changed)
