"""Records the results of a batch test in the registry: which tasks ran on which platform."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from hf_skillset_runtime.compare.parity import EVIDENCE
from hf_skillset_templates.errors import UsageError
from hf_skillset_templates.registry.store.entries import in_order as keys_in_order
from hf_skillset_templates.registry.store.entries import read_entry, write_entry
from hf_skillset_templates.registry.store.errors import as_recorded
from hf_skillset_templates.registry.store.model_types import model_types
from hf_skillset_templates.registry.store.platforms import load_platform, platform_names
from hf_skillset_templates.registry.store.schema import problems

from .from_registry import task_versions
from .machine import installed
from .records import VERIFIED, Record

ALWAYS = ("implementation_type", "verified", "failed")
FIRST_RULES = 1
"""The version of the measurement rules of records that state none."""


def record_results(records: list[Record]) -> int:
    """Write the results into `hardware_compatibility`; returns the number of changed entries.

    Results of platforms that were unavailable are kept. All entries are validated before the
    first one is written.

    Raises:
        UsageError: an entry would not match registry/schema.json; nothing was written.
    """
    entries = [updated(name, platforms) for name, platforms in grouped(records).items()]
    for entry in entries:
        if wrong := problems(entry):
            raise UsageError(f"nothing was recorded: {entry['model_type']}: {wrong[0]}")
    return sum(write_entry(entry) for entry in entries)


def unknown_cells(records: list[Record]) -> list[Record]:
    """The records of cells that are not in the registry, and those of checked modules."""
    known, platforms = set(model_types()), set(platform_names())
    return [
        record
        for record in records
        if record.get("module")
        or record["model_type"] not in known
        or record["platform"] not in platforms
        or record["task"] not in read_entry(record["model_type"])["tasks"]
    ]


def grouped(records: list[Record]) -> dict[str, dict[str, list[Record]]]:
    """The records of cells that ran, by model type and platform."""
    groups: dict[str, dict[str, list[Record]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        if record["status"] in (*VERIFIED, "FAILED"):
            groups[record["model_type"]][record["platform"]].append(record)
    return dict(sorted(groups.items()))


def updated(model_type: str, platforms: dict[str, list[Record]]) -> dict[str, Any]:
    """An entry updated with measurements."""
    entry = read_entry(model_type)
    known = entry.get("hardware_compatibility", {})
    measured = {
        name: compatibility(cells, list(entry["tasks"]), known.get(name, {}))
        for name, cells in platforms.items()
    }
    entry["hardware_compatibility"] = dict(sorted({**known, **measured}.items()))
    return keys_in_order(entry)


def compatibility(cells: list[Record], tasks: list[str], known: dict[str, Any]) -> dict[str, Any]:
    """One platform of one model type: the verified tasks, and the errors of the failed ones.

    A task that passed only earlier, weaker rules (docs/evidence.md) is `unproven`. `seconds` is
    the wall-clock time of loading, exporting (if the platform exports) and running the samples.
    The `known` results of tasks that were not measured are kept.
    """
    again = {cell["task"] for cell in cells}
    passed = {cell["task"] for cell in cells if cell["status"] in VERIFIED}
    passed |= {*known.get("verified", ()), *known.get("unproven", ())} - again
    failed = {
        cell["task"]: {"stage": cell["stage"], "error": as_recorded(cell["detail"])}
        for cell in cells
        if cell["status"] == "FAILED"
    }
    seconds = {cell["task"]: round(cell["seconds"], 1) for cell in cells if "seconds" in cell}
    parity = {
        cell["task"]: cell["parity"]
        for cell in cells
        if "parity" in cell and None not in cell["parity"].values()
    }
    proofs = {cell["task"]: dict(cell["proof"]) for cell in cells if cell.get("proof")}
    in_parts = [task for task, proof in proofs.items() if proof.pop("in_parts", False)]
    measured = {cell["task"]: cell["evidence"] for cell in cells if "evidence" in cell}
    evidence = kept(known, "evidence", again) | measured
    verified = {task for task in passed if evidence.get(task, FIRST_RULES) >= EVIDENCE}
    in_parts += [task for task in known.get("in_parts", ()) if task not in again]
    versions = versions_of(cells, cells[0]["platform"])
    types = {cell["status"] for cell in cells if cell["status"] in VERIFIED}
    summary = {
        "status": "failed",
        "implementation_type": next(iter(types), known.get("implementation_type")),
        "verified": [task for task in tasks if task in verified],
        "unproven": [task for task in tasks if task in passed - verified],
        "failed": in_order(tasks, kept(known, "failed", again) | failed),
        "parity": in_order(tasks, kept(known, "parity", again) | parity),
        "evidence": in_order(tasks, evidence),
        "proof": in_order(tasks, kept(known, "proof", again) | proofs),
        "in_parts": [task for task in tasks if task in in_parts],
        "seconds": in_order(tasks, kept(known, "seconds", again) | seconds),
        "versions": versions,
        "other_versions": in_order(tasks, other_versions(known, again, versions)),
    }
    if passed:
        state = "verified" if verified else "unproven"
        summary["status"] = "partial" if verified and summary["failed"] else state
    return {name: value for name, value in summary.items() if value or name in ALWAYS}


def other_versions(
    known: dict[str, Any], again: set[str], versions: dict[str, str]
) -> dict[str, dict[str, str]]:
    """The versions of the tasks that were not measured again, where they are others."""
    stays = {*known.get("verified", ()), *known.get("unproven", ()), *known.get("failed", {})}
    before = {task: task_versions(known, task) for task in stays - again}
    return {task: stated for task, stated in before.items() if stated != versions}


def kept(known: dict[str, Any], name: str, again: set[str]) -> dict[str, Any]:
    """The known values of a field for the tasks that were not measured again."""
    return {task: value for task, value in known.get(name, {}).items() if task not in again}


def in_order(tasks: list[str], by_task: dict[str, Any]) -> dict[str, Any]:
    """A mapping from tasks, in the order of the model type's tasks."""
    return {task: by_task[task] for task in tasks if task in by_task}


def versions_of(cells: list[Record], platform: str) -> dict[str, str]:
    """The versions in the cells' records; if there are none, those installed here."""
    stated = [cell["versions"] for cell in cells if cell.get("versions")]
    return dict(stated[-1]) if stated else installed(load_platform(platform)["measured_with"])
