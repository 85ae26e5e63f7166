"""Puts what a batch test found into the registry: which tasks really ran on which platform."""

from __future__ import annotations

from collections import defaultdict
from importlib.metadata import version
from typing import Any

from hf_skillset_templates.registry.store.entries import read_entry, write_entry
from hf_skillset_templates.registry.store.errors import as_recorded
from hf_skillset_templates.registry.store.platforms import load_platform

VERIFIED = ("REAL", "EMULATED")
ALWAYS = ("implementation_type", "verified", "failed")
Record = dict[str, Any]


def record_results(records: list[Record]) -> int:
    """Write `hardware_compatibility` of every cell that was run; how many entries changed.

    A platform that was unavailable was not measured: what is known of it stays.
    """
    found: dict[str, dict[str, list[Record]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        if record["status"] in (*VERIFIED, "FAILED"):
            found[record["model_type"]][record["platform"]].append(record)
    changed = 0
    for model_type, platforms in sorted(found.items()):
        entry = read_entry(model_type)
        known = entry.get("hardware_compatibility", {})
        measured = {
            name: compatibility(cells, list(entry["tasks"]), known.get(name, {}))
            for name, cells in platforms.items()
        }
        entry["hardware_compatibility"] = dict(sorted({**known, **measured}.items()))
        changed += write_entry(entry)
    return changed


def compatibility(cells: list[Record], tasks: list[str], known: dict[str, Any]) -> dict[str, Any]:
    """One platform of one model type: the tasks verified, and why the others failed.

    `seconds` is wall-clock time for loading, exporting where the platform does, and running the
    samples. What is `known` of tasks that no cell measured stays.
    """
    again = {cell["task"] for cell in cells}
    verified = [cell["task"] for cell in cells if cell["status"] in VERIFIED]
    verified += [task for task in known.get("verified", ()) if task not in again]
    failed = {
        cell["task"]: {"stage": cell["stage"], "error": as_recorded(cell["detail"])}
        for cell in cells
        if cell["status"] == "FAILED"
    }
    seconds = {cell["task"]: round(cell["seconds"], 1) for cell in cells if "seconds" in cell}
    parity = {cell["task"]: cell["parity"] for cell in cells if "parity" in cell}
    proofs = {cell["task"]: dict(cell["proof"]) for cell in cells if cell.get("proof")}
    in_parts = [task for task, proof in proofs.items() if proof.pop("in_parts", False)]
    evidence = {cell["task"]: cell["evidence"] for cell in cells if "evidence" in cell}
    in_parts += [task for task in known.get("in_parts", ()) if task not in again]
    platform = cells[0]["platform"]
    types = {cell["status"] for cell in cells if cell["status"] in VERIFIED}
    found = {
        "status": "failed",
        "implementation_type": next(iter(types), known.get("implementation_type")),
        "verified": [task for task in tasks if task in verified],
        "failed": in_order(tasks, kept(known, "failed", again) | failed),
        "parity": in_order(tasks, kept(known, "parity", again) | parity),
        "evidence": in_order(tasks, kept(known, "evidence", again) | evidence),
        "proof": in_order(tasks, kept(known, "proof", again) | proofs),
        "in_parts": [task for task in tasks if task in in_parts],
        "seconds": in_order(tasks, kept(known, "seconds", again) | seconds),
        "versions": {name: version(name) for name in load_platform(platform)["measured_with"]},
    }
    if verified:
        found["status"] = "partial" if found["failed"] else "verified"
    return {name: value for name, value in found.items() if value or name in ALWAYS}


def kept(known: dict[str, Any], name: str, again: set[str]) -> dict[str, Any]:
    """What is known of the tasks that were not measured again."""
    return {task: value for task, value in known.get(name, {}).items() if task not in again}


def in_order(tasks: list[str], found: dict[str, Any]) -> dict[str, Any]:
    """The tasks of a mapping in the model type's own order."""
    return {task: found[task] for task in tasks if task in found}
