"""Update every generated package below a folder to a newer version of the template.

python scripts/batch_update.py generated
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from hf_skillset_templates.batch.progress import BatchProgress
from hf_skillset_templates.batch.update import find_packages, update_all

Option = typer.Option
FAILED, BAD_USAGE, INTERRUPTED = 1, 2, 130
STATUSES = ("updated", "up to date", "conflict", "failed")


def main(
    folder: Annotated[Path, typer.Argument(help="A folder of packages in one git repository.")],
    vcs_ref: Annotated[str | None, Option(help="Template version; default: the latest.")] = None,
    only: Annotated[list[str], Option(help="Package name; repeatable.")] = [],
    jobs: Annotated[int, Option(min=1, help="Processes.")] = os.cpu_count() or 1,
    as_json: Annotated[bool, Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Update packages one by one; 0 all good, 1 conflicts or failures, 2 bad usage."""
    packages = [path for path in find_packages(folder.resolve()) if not only or path.name in only]
    if not packages:
        typer.echo(f"{folder} holds no generated package (hf_*/.copier-answers.yml)", err=True)
        raise typer.Exit(BAD_USAGE)
    try:
        with BatchProgress(len(packages), "updating", quiet=as_json) as progress:
            outcomes = update_all(packages, vcs_ref, min(jobs, len(packages)), progress.advance)
    except KeyboardInterrupt as error:
        typer.echo("interrupted; the same command goes on where it stopped", err=True)
        raise typer.Exit(INTERRUPTED) from error
    counts = Counter(outcome.status for outcome in outcomes)
    if as_json:
        records = [outcome.to_dict() for outcome in outcomes]
        typer.echo(json.dumps({**{s: counts[s] for s in STATUSES}, "packages": records}, indent=2))
    else:
        for outcome in outcomes:
            typer.echo(
                f"{outcome.package}: {outcome.status} {outcome.version} {outcome.error}".rstrip()
            )
        typer.echo(", ".join(f"{counts[status]} {status}" for status in STATUSES))
    if counts["conflict"] or counts["failed"]:
        raise typer.Exit(FAILED)


if __name__ == "__main__":
    typer.run(main)
