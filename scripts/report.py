#!/usr/bin/env python3
"""Show a run, or the registry, on one page that opens without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hf_skillset_templates import command_line
from hf_skillset_templates.command_line import say, writable_folder
from hf_skillset_templates.errors import UsageError
from hf_skillset_templates.results.run_folder import NoRunError

EXAMPLES = """
python scripts/report.py
python scripts/report.py runs/last --baseline registry
"""
NEEDS = "the report needs {}: pip install 'hf-skillset-templates[report]'"


def output_file(text: str) -> Path:
    """A file whose folder exists or can be made."""
    writable_folder(str(Path(text).absolute().parent))
    return Path(text)


def main(
    run: Annotated[str, typer.Argument(help="A run's folder, or `registry`.")] = "registry",
    baseline: Annotated[str | None, typer.Option(help="Show what changed from this run.")] = None,
    output: Annotated[Path, typer.Option(help="The file to write.", parser=output_file)] = Path(
        "report.html"
    ),
) -> None:
    """Write the report; 2 for bad usage."""
    try:
        from hf_skillset_templates.reports.html.build import build_report

        page, notes = build_report(run, baseline)
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(page, encoding="utf-8")
    except ModuleNotFoundError as error:
        raise UsageError(NEEDS.format(error.name)) from error
    except NoRunError as error:
        raise UsageError(str(error)) from error
    for note in notes:
        say(note)
    typer.echo(f"{output}: {len(page.encode()) / 1e6:.2f} MB")


if __name__ == "__main__":
    command_line.run(main, EXAMPLES)
