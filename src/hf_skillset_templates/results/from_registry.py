"""The registry's measurements as records of one run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from .records import FAILED, Record

Entry = dict[str, Any]


def read_entries(models: Path) -> list[Entry]:
    """Every entry of the registry, by model type."""
    return [json.loads(path.read_text("utf-8")) for path in sorted(models.glob("*.json"))]


def registry_records(entries: list[Entry]) -> list[Record]:
    """One record for each measured cell of the registry."""
    return [record for entry in entries for record in entry_records(entry)]


def entry_records(entry: Entry) -> Iterator[Record]:
    """The records of one model type, by platform and in the order of its tasks."""
    for platform, known in entry.get("hardware_compatibility", {}).items():
        for task in entry["tasks"]:
            if task in known["verified"]:
                outcome = {"status": known["implementation_type"], "detail": ""}
                outcome["stage"] = "run" if platform == "cpu" else "match"
            elif task in known["failed"]:
                failure = known["failed"][task]
                outcome = {"status": FAILED, "stage": failure["stage"], "detail": failure["error"]}
            else:
                continue
            cell = {"model_type": entry["model_type"], "task": task, "platform": platform}
            yield {**cell, **outcome, **evidence(known, task)}


def evidence(known: dict[str, Any], task: str) -> dict[str, Any]:
    """The fields of a record about its measurement that the registry stores."""
    facts: dict[str, Any] = {"model": "tiny", "versions": task_versions(known, task)}
    for name in ("seconds", "parity", "evidence", "proof"):
        if task in known.get(name, {}):
            facts[name] = known[name][task]
    if task in known.get("in_parts", ()):
        facts["in_parts"] = True
    return facts


def task_versions(known: dict[str, Any], task: str) -> dict[str, str]:
    """The versions that a platform's figures of a task were measured with."""
    return dict(known.get("other_versions", {}).get(task, known.get("versions", {})))


@cache
def known_records(path: Path) -> dict[tuple[str, str], Record]:
    """The records of one entry's file, by task and platform; empty if there is no entry."""
    if not path.is_file():
        return {}
    records = entry_records(json.loads(path.read_text("utf-8")))
    return {(record["task"], record["platform"]): record for record in records}
