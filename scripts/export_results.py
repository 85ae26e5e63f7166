"""Write a run's results in the format of another tool.

python scripts/export_results.py runs/last --format junit --output junit.xml
python scripts/export_results.py runs/last --format parquet
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from hf_skillset_templates.results.export import FORMATS, export
from hf_skillset_templates.results.run_folder import NoRunError, read_run

BAD_USAGE = 2


def main(
    run: Annotated[Path, typer.Argument(help="A folder that scripts/batch_test.py wrote.")],
    format: Annotated[str, typer.Option(help=", ".join(FORMATS))] = "junit",
    output: Annotated[Path | None, typer.Option(help="Default: results.<ending> in RUN.")] = None,
) -> None:
    """Export a run; 2 for bad usage."""
    if format not in FORMATS:
        refuse(f"--format {format} is unknown: use one of {', '.join(FORMATS)}")
    try:
        found = read_run(run)
        target = output or found.folder / f"results.{FORMATS[format]}"
        export(found, format, target)
    except (NoRunError, OSError) as error:
        refuse(str(error))
    except ImportError as error:
        refuse(f"--format {format} needs {error.name}: pip install 'hf-skillset-templates[report]'")
    print(*found.notes, sep="\n", end="\n" if found.notes else "", file=sys.stderr)
    typer.echo(f"{len(found.records)} records -> {target}")


def refuse(message: str) -> None:
    """One sentence, exit code 2."""
    typer.echo(message, err=True)
    raise typer.Exit(BAD_USAGE)


if __name__ == "__main__":
    typer.run(main)
