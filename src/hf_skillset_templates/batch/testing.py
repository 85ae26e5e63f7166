"""Runs the cells of many packages, each package in a process of its own, and keeps the records."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from hf_skillset_templates import isolation
from hf_skillset_templates.errors import UsageError
from hf_skillset_templates.isolation import Limits

from .cells import FUNCTION, PRELOAD
from .packages import Package, read_package
from .records import Record, append

RAN = ("REAL", "EMULATED", "FAILED")
"""The statuses of a cell that did run."""
Cell = tuple[str, str, str]
"""Model type, task and platform."""


@dataclass(frozen=True)
class PackageResult:
    """What progress is told of one finished package."""

    model_type: str
    status: str
    error: str = ""


def test_packages(
    packages: list[Path],
    platforms: list[str],
    tasks: list[str],
    results: Path,
    *,
    jobs: int,
    limits: Limits,
    report: Callable[[PackageResult], None],
    primary: bool = False,
    done: frozenset[Cell] = frozenset(),
) -> list[Record]:
    """Run every package, or its first task alone; records are appended to `results`.

    Cells that are `done` are left out.
    """
    isolation.preload(*PRELOAD)
    records: list[Record] = []
    with ThreadPoolExecutor(jobs) as pool:
        futures = {
            pool.submit(test_package, package, platforms, tasks, limits, primary, done): package
            for package in packages
        }
        try:
            for future in as_completed(futures):
                found = future.result()
                append(results, found)
                records += found
                failed = any(record["status"] == "FAILED" for record in found)
                report(PackageResult(futures[future].name, "failed" if failed else "passed"))
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return records


def test_package(
    folder: Path,
    platforms: list[str],
    tasks: list[str],
    limits: Limits,
    primary: bool = False,
    done: frozenset[Cell] = frozenset(),
) -> list[Record]:
    """The records of one package's cells.

    Of a package that cannot be read each platform fails at `config`.
    """
    try:
        package = read_package(folder)
        return run_cells(
            folder, package, cells_of(package, platforms, tasks, primary, done), limits
        )
    except (UsageError, OSError) as error:
        known = {"model_type": folder.name, "task": "", "stage": "config", "status": "FAILED"}
        return [{**known, "platform": name, "detail": str(error)} for name in platforms]


def cells_of(
    package: Package,
    platforms: list[str],
    tasks: list[str],
    primary: bool,
    done: frozenset[Cell],
) -> list[list[str]]:
    """The package's cells (task, platform) that are asked for and not done."""
    return [
        [task, platform]
        for task in chosen_tasks(package, tasks, primary)
        for platform in platforms
        if (package.model_type, task, platform) not in done
    ]


def run_cells(
    folder: Path, package: Package, cells: list[list[str]], limits: Limits
) -> list[Record]:
    """Run cells; one whose process dies or hangs fails, those behind it get another process."""
    records: list[Record] = []
    while waiting := cells[len(records) :]:
        argument = {"package": str(folder), "name": package.name, "cells": waiting}
        result = isolation.run_isolated(FUNCTION, argument, limits.timeout_s, limits.memory_mb)
        if isinstance(result, list):
            return records + result
        records += result["parts"]
        if len(records) == len(cells):
            return records
        task, platform = cells[len(records)]
        records.append(
            {
                "model_type": package.model_type,
                "task": task,
                "platform": platform,
                "status": "FAILED",
                "stage": result["stage"],
                "detail": result["error"],
            }
        )
    return records


def chosen_tasks(package: Package, tasks: list[str], primary: bool) -> list[str]:
    """The package's tasks that are asked for."""
    chosen = [task for task in package.tasks if not tasks or task in tasks]
    return chosen[: 1 if primary else None]


def clusters(records: list[Record]) -> list[tuple[int, str, str, list[str]]]:
    """Failures with the same error, numbers aside: how many, stage, error, cells; most first."""
    grouped: dict[tuple[str, str], list[str]] = defaultdict(list)
    for record in records:
        if record["status"] == "FAILED":
            error = re.sub(r"\d+", "N", record["detail"])[:200]
            cell = f"{record['model_type']}/{record['task']}"
            grouped[record["stage"], error].append(cell)
    found = [(len(cells), stage, error, cells) for (stage, error), cells in grouped.items()]
    return sorted(found, key=lambda cluster: (-cluster[0], cluster[1:3]))


def counts(records: list[Record]) -> Counter[str]:
    """How many cells ended in each status."""
    return Counter(record["status"] for record in records)
