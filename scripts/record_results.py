#!/usr/bin/env python3
"""Write the results of a batch test into the registry's entries and the coverage page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hf_skillset_templates import command_line
from hf_skillset_templates.command_line import readable_file, resolved, say
from hf_skillset_templates.errors import UsageError
from hf_skillset_templates.reports.coverage import write_coverage
from hf_skillset_templates.results.lines import read_lines
from hf_skillset_templates.results.record import record_results, unknown_cells
from hf_skillset_templates.results.records import RESULT
from hf_skillset_templates.results.run_folder import RESULTS

EXAMPLES = """
python scripts/batch_test.py generated
python scripts/record_results.py runs/last
"""


def results_file(text: str) -> Path:
    """The file with the results of a run's folder, or a file of them."""
    folder = resolved(text) if text else Path()
    return readable_file(str(folder / RESULTS) if text and folder.is_dir() else text)


def main(
    results: Annotated[
        Path, typer.Argument(help="A run's folder, or its results.", parser=results_file)
    ],
) -> None:
    """Record results in the entries, and rewrite the coverage page."""
    lines = read_lines(results, RESULT)
    unknown = unknown_cells(lines.records)
    records = [record for record in lines.records if record not in unknown]
    if lines.skipped or unknown:
        say(
            f"{results}: ignored {lines.skipped} lines that are not results and {len(unknown)} "
            "results of cells that are not in the registry"
        )
    if not records:
        raise UsageError(f"{results} has no usable results: run scripts/batch_test.py first")
    changed = record_results(records)
    changed += write_coverage()
    typer.echo(f"{len(records)} cells recorded, {changed} files changed")


if __name__ == "__main__":
    command_line.run(main, EXAMPLES)
