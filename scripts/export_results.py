#!/usr/bin/env python3
"""Write a run's results in the format of another tool."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hf_skillset_templates import command_line
from hf_skillset_templates.command_line import say
from hf_skillset_templates.errors import UsageError
from hf_skillset_templates.results.export import FORMATS, export
from hf_skillset_templates.results.run_folder import read_run

EXAMPLES = """
python scripts/export_results.py runs/last --format junit --output junit.xml
python scripts/export_results.py runs/last --format parquet
"""


def main(
    run: Annotated[Path, typer.Argument(help="Folder of a run, written by scripts/batch_test.py.")],
    format: Annotated[str, typer.Option(help=", ".join(FORMATS))] = "junit",
    output: Annotated[
        Path | None, typer.Option(help="Default: results.<extension> in RUN.")
    ] = None,
) -> None:
    """Export a run."""
    if format not in FORMATS:
        raise UsageError(f"unknown format {format!r}; use one of: {', '.join(FORMATS)}")
    records = read_run(run)
    target = output or records.folder / f"results.{FORMATS[format]}"
    try:
        export(records, format, target)
    except ModuleNotFoundError as error:
        need = "pip install 'hf-skillset-templates[report]'"
        raise UsageError(f"--format {format} needs {error.name}: {need}") from error
    for note in records.notes:
        say(note)
    typer.echo(f"{len(records.records)} records -> {target}")


if __name__ == "__main__":
    command_line.run(main, EXAMPLES)
