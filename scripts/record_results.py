"""Write what a batch test found into the registry's entries, and the coverage page.

python scripts/batch_test.py generated
python scripts/record_results.py generated/.results.jsonl
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hf_skillset_templates.batch.testing import read_records
from hf_skillset_templates.reports.coverage import write_coverage
from hf_skillset_templates.results.record import record_results


def main(
    results: Annotated[Path, typer.Argument(help="The records of scripts/batch_test.py.")],
) -> None:
    """Record results; the coverage page follows from the entries."""
    records = read_records(results)
    if not records:
        typer.echo(f"{results} holds no records: run scripts/batch_test.py first", err=True)
        raise typer.Exit(2)
    changed = record_results(records)
    changed += write_coverage()
    typer.echo(f"{len(records)} cells recorded, {changed} files changed")


if __name__ == "__main__":
    typer.run(main)
