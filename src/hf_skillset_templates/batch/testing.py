"""Runs the cells of many packages, each package in a process of its own, and keeps the records."""

from __future__ import annotations

import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hf_skillset_templates import isolation
from hf_skillset_templates.isolation import Limits

from .cells import FUNCTION, PRELOAD

Record = dict[str, Any]


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
) -> list[Record]:
    """Run every package, or its first task alone; records are appended to `results`."""
    isolation.preload(*PRELOAD)
    records: list[Record] = []
    with ThreadPoolExecutor(jobs) as pool:
        futures = {
            pool.submit(test_package, package, platforms, tasks, limits, primary): package
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
    package: Path, platforms: list[str], tasks: list[str], limits: Limits, primary: bool = False
) -> list[Record]:
    """The records of one package's cells.

    A cell whose process dies or hangs fails; the cells behind it get a process of their own.
    """
    path = package / "src" / package.name / "registry.json"
    entry = json.loads(path.read_text(encoding="utf-8"))
    chosen = [task for task in entry["tasks"] if not tasks or task in tasks]
    cells = [
        (task, platform) for task in chosen[: 1 if primary else None] for platform in platforms
    ]
    records: list[Record] = []
    while waiting := cells[len(records) :]:
        argument = {"package": str(package), "cells": waiting}
        result = isolation.run_isolated(FUNCTION, argument, limits.timeout_s, limits.memory_mb)
        if isinstance(result, list):
            return records + result
        records += result["parts"]
        if len(records) == len(cells):
            return records
        task, platform = cells[len(records)]
        records.append(
            {
                "model_type": entry["model_type"],
                "task": task,
                "platform": platform,
                "status": "FAILED",
                "stage": result["stage"],
                "detail": result["error"],
            }
        )
    return records


def append(results: Path, records: list[Record]) -> None:
    """Add records with one write each, so that a killed run tears no line but the last."""
    descriptor = os.open(results, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        for record in records:
            os.write(descriptor, (json.dumps(record) + "\n").encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_records(results: Path) -> list[Record]:
    """The records of a file; a torn line is left aside."""
    records = []
    for line in results.read_text("utf-8").splitlines() if results.is_file() else []:
        try:
            records.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return records


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
