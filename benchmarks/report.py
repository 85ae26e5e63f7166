"""How quickly the report opens and filters in Chromium: of the registry, and of many failures.

    python benchmarks/report.py
    python benchmarks/report.py --failures 1000 --rounds 9

Wall milliseconds (from the navigation until the page is ready; from the event until the page is
laid out anew) and CPU seconds of the page's thread, medians of the rounds. The goals: opens in
less than 1 s, filters in less than 100 ms.
"""

from __future__ import annotations

import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from hf_skillset_templates.registry.store.paths import MODELS
from hf_skillset_templates.reports.html.browser import (
    MISSING,
    chromium,
    find_chromium,
    open_report,
    set_filter,
)
from hf_skillset_templates.reports.html.build import report_page
from hf_skillset_templates.results.from_registry import read_entries
from hf_skillset_templates.results.records import STAGES, VERIFIED
from hf_skillset_templates.results.run_folder import Run
from hf_skillset_templates.results.source import registry_run

FILTERS = (
    ("q", "b"), ("q", "bert"), ("q", ""), ("modality", "text"), ("modality", ""),
    ("task", "feature-extraction"), ("task", ""), ("platform", "qualcomm"),
    ("status", "failed"), ("status", ""), ("platform", ""),
)  # fmt: skip
"""What a person sets, one after the other."""


def failing(run: Run, failures: int) -> Run:
    """The run with so many more cells that fail, at any stage and for 40 reasons."""
    records = [dict(record) for record in run.records]
    passing = [record for record in records if record["status"] in VERIFIED][:failures]
    for number, record in enumerate(passing):
        detail = f"{'ABCDE'[number % 5]}Error: {'what went wrong ' * 20}"
        stage = STAGES[number % len(STAGES)]
        record.update(status="FAILED", stage=stage, detail=detail, expectation="regression")
    about = run.about | {"id": "failing", "started": "2026-01-01T00:00:00Z"}
    return Run(run.folder, about, records)


def measure(browser: Any, report: Path, rounds: int) -> tuple[list[float], dict[str, list[float]]]:
    """Milliseconds to open, then CPU seconds of that; and milliseconds of each filter."""
    opened, busy = [], []
    filtered: dict[str, list[float]] = {}
    for _ in range(rounds):
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        before = time.perf_counter()
        busy.append(open_report(page, report))
        opened.append(1000 * (time.perf_counter() - before))
        for name, value in FILTERS:
            taken = set_filter(page, name, value)
            filtered.setdefault(f"{name}={value}", []).append(taken)
        page.close()
    return [statistics.median(opened), statistics.median(busy)], filtered


def main(
    failures: Annotated[
        int, typer.Option(min=1, help="Number of failures in the synthetic run.")
    ] = 1000,
    rounds: Annotated[int, typer.Option(min=1)] = 5,
) -> None:
    """Measure both reports and print one line for each."""
    path = find_chromium() or sys.exit(MISSING)
    entries = read_entries(MODELS)
    registry = registry_run(entries)
    made_up = failing(registry, failures)
    pages = {
        f"registry, {len(registry.records)} cells": report_page(registry, None, entries),
        f"{failures} more failures, compared": report_page(made_up, registry, entries),
    }
    print(f"machine: {os.cpu_count()} cores, {platform.machine()}; medians of {rounds}")
    with tempfile.TemporaryDirectory() as folder, chromium(path) as browser:
        for title, text in pages.items():
            report = Path(folder, "report.html")
            report.write_text(text, encoding="utf-8")
            (wall, busy), filtered = measure(browser, report, rounds)
            each = {name: statistics.median(taken) for name, taken in filtered.items()}
            slowest = max(each, key=lambda name: each[name])
            print(
                f"{title}: {len(text.encode()) / 1e6:.2f} MB, opens in {wall:.0f} ms "
                f"({busy:.2f} CPU s), filters in {statistics.median(each.values()):.0f} ms, "
                f"at most {each[slowest]:.0f} ms ({slowest})"
            )


if __name__ == "__main__":
    typer.run(main)
