"""Parquet, which DuckDB, pandas and Polars read."""

from __future__ import annotations

from pathlib import Path

import pyarrow
from pyarrow import parquet

from ..run_folder import Run
from .table import COLUMNS, rows

TYPES = {
    str: pyarrow.string(),
    int: pyarrow.int64(),
    float: pyarrow.float64(),
    bool: pyarrow.bool_(),
}


def write(run: Run, path: Path) -> None:
    """Write one row for each record, and the run's id and versions as metadata."""
    about = {"run": run.about["id"], **run.about["versions"]}
    schema = pyarrow.schema(
        [(name, TYPES[kind]) for name, kind in COLUMNS.items()],
        metadata={name: str(value) for name, value in about.items()},
    )
    parquet.write_table(pyarrow.Table.from_pylist(list(rows(run)), schema=schema), path)
