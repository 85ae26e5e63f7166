"""Shared code of the registry's stages: parallel runs over model types, and their outcomes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from typing import Any

from hf_skillset_templates.isolation import Limits, run_isolated

Work = Callable[[str], tuple[bool, str]]
"""Runs a stage for one model type; returns whether its entry changed, and the error."""


@dataclass(frozen=True)
class Workers:
    """The number of processes, and the limits of each model type."""

    jobs: int
    limits: Limits

    def isolated(self, function: str, job: dict[str, Any]) -> Any:
        """The job's result from a separate process, or `{"stage", "error", "parts"}`."""
        return run_isolated(function, job, self.limits.timeout_s, self.limits.memory_mb)


@dataclass(frozen=True)
class Outcome:
    """The outcome of one stage of one model type; `seconds` is wall-clock time."""

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


def side_by_side(stage: str, work: Work, model_types: list[str], jobs: int) -> Iterator[Outcome]:
    """Run `work` on `jobs` model types at a time.

    `work` returns whether an entry changed, and the error.
    """

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
