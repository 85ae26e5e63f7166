"""CSV (RFC 4180) with a header.

A text that a spreadsheet would interpret as a formula is prefixed with an apostrophe.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from ..run_folder import Run
from .table import COLUMNS, rows

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write(run: Run, path: Path) -> None:
    """Write one line for each record."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for row in rows(run):
            writer.writerow({name: safe(value) for name, value in row.items()})


def safe(value: Any) -> Any:
    """A value that no spreadsheet interprets as a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
