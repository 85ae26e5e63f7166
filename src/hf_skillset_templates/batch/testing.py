"""Runs the cells of many packages, each package in a separate process."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

from hf_skillset_templates import isolation
from hf_skillset_templates.errors import UsageError
from hf_skillset_templates.isolation import NEVER, Limits
from hf_skillset_templates.results.records import FAILED, VERIFIED, Cell, Record

from .cells import FUNCTION, imports_for
from .choice import Choice
from .packages import Package, read_package

RAN = (*VERIFIED, FAILED)
"""The statuses of cells that ran."""


@dataclass(frozen=True)
class Job:
    """The cells of one package, or why it cannot be tested."""

    folder: Path
    package: Package | None
    cells: tuple[Cell, ...]
    problem: str = ""
    """Why the package cannot be tested; then it has one cell without a task per platform."""

    @property
    def tasks(self) -> list[list[str]]:
        """The cells as pairs of task and platform."""
        return [[cell.task, cell.platform] for cell in self.cells]


def plan(packages: list[Path], choice: Choice) -> list[Job]:
    """A job for each package that has a cell to run."""
    jobs = [job_of(folder, choice) for folder in packages]
    return [job for job in jobs if job.cells]


def job_of(folder: Path, choice: Choice) -> Job:
    """A package's job; a package that cannot be read fails on each platform at `config`."""
    try:
        package = read_package(folder)
    except (UsageError, OSError) as error:
        return broken_job(folder, choice, str(error))
    return Job(folder, package, tuple(choice.cells(package)))


def broken_job(folder: Path, choice: Choice, problem: str) -> Job:
    """The job of a package that cannot be tested: a cell without a task for each platform."""
    if not choice.takes(folder.name, folder.name.removeprefix("hf_")):
        return Job(folder, None, ())
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", folder.name)[:200]
    cells = [Cell(name, "", platform) for platform in choice.platforms]
    return Job(folder, None, tuple(filter(choice.runs, cells)), problem)


def run_here(jobs: list[Job], workers: int, limits: Limits) -> Generator[list[Record]]:
    """The records of each job as it ends, with `workers` processes on this machine.

    Closing the iterator stops the running jobs and cancels the others.
    """
    stop = threading.Event()
    isolation.preload(*imports_for({cell.platform for job in jobs for cell in job.cells}))
    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(run_job, job, limits, stop) for job in jobs]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)


def run_job(job: Job, limits: Limits, stop: Event = NEVER) -> list[Record]:
    """The records of one package's cells, in order."""
    if job.package is None:
        return [failure(cell, "config", job.problem) for cell in job.cells]
    return run_cells(job.folder, job.package.name, list(job.cells), limits, stop)


def run_cells(
    folder: Path, name: str, cells: list[Cell], limits: Limits, stop: Event = NEVER
) -> list[Record]:
    """Run cells; if the process dies or hangs, its cell fails and a new process runs the rest.

    Once `stop` is set, the remaining cells are not run.
    """
    records: list[Record] = []
    while (waiting := cells[len(records) :]) and not stop.is_set():
        pairs = [[cell.task, cell.platform] for cell in waiting]
        argument = {"package": str(folder), "name": name, "cells": pairs, "asked": time.monotonic()}
        result = isolation.run_isolated(
            FUNCTION, argument, limits.timeout_s, limits.memory_mb, stop
        )
        if isinstance(result, list):
            return records + result
        records += result["parts"]
        if len(records) < len(cells):
            records.append(failure(cells[len(records)], result["stage"], result["error"]))
    return records


def failure(cell: Cell, stage: str, detail: str) -> dict[str, Any]:
    """The record of a cell whose process did not return one."""
    return {**cell.named(), "status": FAILED, "stage": stage, "detail": detail}


def counts(records: list[Record]) -> Counter[str]:
    """Status -> number of cells."""
    return Counter(record["status"] for record in records)
