"""Writes the records of a batch test, compares them with the registry, and summarises them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hf_skillset_templates.registry.store.paths import MODELS
from hf_skillset_templates.registry.store.platforms import load_platform
from hf_skillset_templates.results.causes import Cause, causes
from hf_skillset_templates.results.expectations import LISTED, UNEXPECTED, with_expectation
from hf_skillset_templates.results.from_registry import known_records
from hf_skillset_templates.results.records import FAILED, Cell, Record, problem
from hf_skillset_templates.results.run_folder import RunWriter

from .progress import CellProgress
from .testing import RAN, failure

LISTED_FIELDS = ("model_type", "task", "platform", "expectation", "stage", "detail")
"""The fields of a record in the summary of a run."""


@dataclass
class Summary:
    """The result of a run."""

    records: list[Record] = field(default_factory=list)
    stopped: bool = False
    """Whether `--fail-fast` ended it early."""

    def counts(self, name: str = "status") -> Counter[str]:
        """Value of a field -> number of records with it."""
        return Counter(record[name] for record in self.records if name in record)

    def listed(self) -> list[Record]:
        """The records to inspect, the worst first."""
        listed = [record for record in self.records if record.get("expectation") in LISTED]
        return sorted(listed, key=lambda record: LISTED.index(record["expectation"]))

    def causes(self) -> list[Cause]:
        """The failures by cause."""
        return causes(self.records)

    def fails(self, strict: bool) -> bool:
        """Whether the run ends with exit code 1."""
        bad = LISTED if strict else UNEXPECTED
        return any(record.get("expectation") in bad for record in self.records)

    @property
    def ran(self) -> bool:
        """Whether any cell ran."""
        return any(record["status"] in RAN for record in self.records)


def known(cell: Cell) -> Record | None:
    """The registry's record of a cell; None if it has none."""
    return known_records(MODELS / f"{cell.model_type}.json").get((cell.task, cell.platform))


def run_tests(
    finished: Iterator[list[Record]], writer: RunWriter, progress: CellProgress, fail_fast: bool
) -> Summary:
    """Write the records of each job as it ends; returns the summary."""
    summary = Summary()
    for records in finished:
        for record in records:
            judged = with_expectation(valid_record(record), known)
            writer.append(judged)
            summary.records.append(judged)
            progress.advance(judged)
        if fail_fast and any(r.get("expectation") in UNEXPECTED for r in summary.records):
            summary.stopped = True
            break
    writer.note_devices(summary.records)
    if not summary.stopped:
        writer.finish()
    return summary


def valid_record(record: Record) -> Record:
    """The record, or a failure with the reason if it is invalid (packages may be edited)."""
    if not (wrong := problem("result", record)):
        return record
    cell = Cell(*(str(record.get(name, "")) for name in Cell._fields))
    return failure(cell, "run", f"the package's record does not match its schema: {wrong}")


def measured_with(platforms: tuple[str, ...]) -> set[str]:
    """The distributions whose versions results on these platforms depend on."""
    return {name for each in platforms for name in load_platform(each)["measured_with"]}


def as_json(summary: Summary) -> dict[str, Any]:
    """The summary as `--json` prints it."""
    failures = [
        {
            "cells": len(cause.cells),
            "stage": cause.stage,
            "error": cause.error,
            "where": [str(cell) for cell in cause.cells],
        }
        for cause in summary.causes()
    ]
    listed = [{name: record[name] for name in LISTED_FIELDS} for record in summary.listed()]
    return {
        "counts": summary.counts(),
        "expectations": summary.counts("expectation"),
        "listed": listed,
        "failures": failures,
        "stopped": summary.stopped,
    }


def lines(summary: Summary, most: int = 40) -> Iterator[str]:
    """The summary as text."""
    for cause in summary.causes():
        where = ", ".join(f"{cell.model_type}/{cell.task}" for cell in cause.cells[:3])
        yield f"{len(cause.cells)} at {cause.stage}: {cause.error[:200]} ({where} ...)"
    listed = summary.listed()
    for record in listed[:most]:
        cell = Cell(record["model_type"], record["task"], record["platform"])
        stage = f" at {record['stage']}" if record["status"] == FAILED else ""
        yield f"{record['expectation']}: {cell}{stage}"
    if len(listed) > most:
        yield f"... and {len(listed) - most} more: --json lists them"
    yield ", ".join(f"{number} {status}" for status, number in summary.counts().items())
