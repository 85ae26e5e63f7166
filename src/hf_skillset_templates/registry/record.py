"""Puts what a batch test found into the registry: which tasks really ran on which platform."""

from __future__ import annotations

import re
import tempfile
from collections import defaultdict
from importlib.metadata import version
from typing import Any

from .entries import read_entry, write_entry

VERIFIED = ("REAL", "EMULATED")
RUNTIMES = {
    "cpu": ("torch", "transformers"),
    "openvino": ("openvino", "torch", "transformers"),
    "qualcomm": ("onnxruntime", "onnxruntime-qnn", "transformers"),
}
"""The distributions whose versions a measurement on a platform depends on."""

TEMPORARY = re.compile(rf"{re.escape(tempfile.gettempdir())}/\w+")
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
        measured = {name: compatibility(cells, entry) for name, cells in platforms.items()}
        entry["hardware_compatibility"] = dict(sorted({**known, **measured}.items()))
        changed += write_entry(entry)
    return changed


def compatibility(cells: list[Record], entry: dict[str, Any]) -> dict[str, Any]:
    """One platform of one model type: the tasks verified, and why the others failed."""
    order = list(entry["tasks"])
    verified = {cell["task"]: cell["status"] for cell in cells if cell["status"] in VERIFIED}
    failed = {
        cell["task"]: {"stage": cell["stage"], "error": shortened(cell["detail"])}
        for cell in cells
        if cell["status"] == "FAILED"
    }
    platform = cells[0]["platform"]
    errors = {cell["task"]: cell["parity"] for cell in cells if "parity" in cell}
    return {
        "status": "failed" if not verified else "partial" if failed else "verified",
        "implementation_type": next(iter(verified.values()), None),
        "verified": sorted(verified, key=order.index),
        "failed": dict(sorted(failed.items())),
        **({"parity": dict(sorted(errors.items()))} if errors else {}),
        "versions": {name: version(name) for name in RUNTIMES.get(platform, ())},
    }


def shortened(error: str) -> str:
    """The first line of an error, without what differs from run to run."""
    line = error.strip().splitlines()[0] if error.strip() else ""
    return TEMPORARY.sub("…", line)[:240]
