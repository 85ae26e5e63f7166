"""The records as rows of a flat table, for CSV and Parquet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..records import STAGES, Record
from ..run_folder import Run

COLUMNS: dict[str, type] = {
    "run": str,
    "model_type": str,
    "task": str,
    "platform": str,
    "module": str,
    "verdict": str,
    "status": str,
    "stage": str,
    "detail": str,
    "expectation": str,
    "device": str,
    "samples": int,
    "seconds": float,
    **{f"seconds_{stage}": float for stage in STAGES},
    "peak_memory_mb": float,
    "compared": int,
    "max_error": float,
    "relative_error": float,
    "cosine": float,
    "snr": float,
    "tolerance": float,
    "tie": str,
    "in_parts": bool,
    "graph_runs": int,
    "share": float,
    "evidence": int,
    "worker": str,
    "versions": str,
}
"""Column -> type of its values; a value is None if the record lacks it."""


def rows(run: Run) -> Iterator[dict[str, Any]]:
    """One row for each record."""
    for record in run.records:
        row = flat(record) | {"run": run.about["id"]}
        yield {name: typed(row.get(name), kind) for name, kind in COLUMNS.items()}


def flat(record: Record) -> dict[str, Any]:
    """A record with nested fields flattened."""
    stages = {f"seconds_{name}": s for name, s in record.get("stage_seconds", {}).items()}
    versions = " ".join(f"{name}={v}" for name, v in sorted(record.get("versions", {}).items()))
    return {
        **record,
        **stages,
        **record.get("parity", {}),
        **record.get("proof", {}),
        "versions": versions,
    }


def typed(value: Any, kind: type) -> Any:
    """A value converted to its column's type."""
    return None if value is None else kind(value)
