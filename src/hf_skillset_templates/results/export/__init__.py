"""Export of the records of a run to formats of other tools, one module for each format.

Each module has `write(run, path)`. CSV and JUnit need nothing; Parquet needs pyarrow (the extra
`report`).
"""

from __future__ import annotations

import importlib
from pathlib import Path

from ..run_folder import Run

FORMATS = {"junit": "xml", "csv": "csv", "parquet": "parquet", "badge": "svg"}
"""Format -> file extension."""


def export(run: Run, format_name: str, path: Path) -> None:
    """Write a run in one of `FORMATS`.

    Raises:
        ImportError: the format's library is not installed.
    """
    module = importlib.import_module(f"{__name__}.{format_name}")
    path.parent.mkdir(parents=True, exist_ok=True)
    module.write(run, path)
