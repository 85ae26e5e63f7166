#!/usr/bin/env python3
"""Write the report of a run, or of the registry: one HTML page that needs no network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hf_skillset_templates import command_line
from hf_skillset_templates.command_line import say, writable_folder
from hf_skillset_templates.errors import UsageError

EXAMPLES = """
python scripts/report.py
python scripts/report.py runs/last --baseline registry --output last.html
"""


def main(
    run: Annotated[str, typer.Argument(help="A run's folder, or `registry`.")] = "registry",
    baseline: Annotated[
        str | None, typer.Option(help="Run to compare with, or `registry`.")
    ] = None,
    output: Annotated[Path, typer.Option(help="Output file.")] = Path("report.html"),
) -> None:
    """Write the report: one HTML file."""
    folder = writable_folder(str(output.parent))
    if output.is_dir():
        raise UsageError(f"{output} is a folder; expected a file")
    try:
        from hf_skillset_templates.reports.html.build import build_report
    except ModuleNotFoundError as error:
        need = "pip install 'hf-skillset-templates[report]'"
        raise UsageError(f"the report needs {error.name}: {need}") from error
    page, notes = build_report(run, baseline)
    folder.mkdir(parents=True, exist_ok=True)
    output.write_text(page, encoding="utf-8")
    for note in notes:
        say(note)
    typer.echo(f"{output}: {len(page.encode()) / 1e6:.2f} MB")


if __name__ == "__main__":
    command_line.run(main, EXAMPLES)
