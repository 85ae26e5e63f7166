"""Show a run, or the registry, on one page that opens without a network.

python scripts/report.py                               # the registry -> report.html
python scripts/report.py runs/last --baseline registry
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hf_skillset_templates.results.run_folder import NoRunError

BAD_USAGE = 2
NEEDS = "the report needs {}: pip install 'hf-skillset-templates[report]'"


def main(
    run: Annotated[str, typer.Argument(help="A run's folder, or `registry`.")] = "registry",
    baseline: Annotated[str | None, typer.Option(help="Show what changed from this run.")] = None,
    output: Annotated[Path, typer.Option(help="The file to write.")] = Path("report.html"),
) -> None:
    """Write the report; 2 for bad usage."""
    try:
        from hf_skillset_templates.reports.html.build import build_report

        page, notes = build_report(run, baseline)
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(page, encoding="utf-8")
    except ModuleNotFoundError as error:
        refuse(NEEDS.format(error.name))
    except (NoRunError, OSError) as error:
        refuse(str(error))
    for note in notes:
        typer.echo(note, err=True)
    typer.echo(f"{output}: {len(page.encode()) / 1e6:.2f} MB")


def refuse(message: str) -> None:
    """One sentence, exit code 2."""
    typer.echo(message, err=True)
    raise typer.Exit(BAD_USAGE)


if __name__ == "__main__":
    typer.run(main)
