#!/usr/bin/env python3
"""Update every generated package below a folder to a newer version of the template."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from hf_skillset_templates import command_line
from hf_skillset_templates.batch.lock import locked
from hf_skillset_templates.batch.packages import select_packages
from hf_skillset_templates.batch.progress import BatchProgress
from hf_skillset_templates.batch.update import update_all
from hf_skillset_templates.command_line import (
    readable_folder,
    require_writable,
    say,
    split,
    template_version,
)

Option = typer.Option
STATUSES = ("updated", "up to date", "kept", "conflict", "failed")
EXAMPLES = """
python scripts/batch_update.py generated
python scripts/batch_update.py generated --only hf_bert --vcs-ref v1.0.0
python scripts/batch_update.py generated --json
"""


def main(
    folder: Annotated[
        Path,
        typer.Argument(help="Folder of packages in one git repository.", parser=readable_folder),
    ],
    vcs_ref: Annotated[
        str | None,
        Option(
            help="Template version; default: the latest.",
            parser=template_version,
            metavar="VERSION",
        ),
    ] = None,
    only: Annotated[list[str], Option(help="Package name; repeatable or comma-separated.")] = [],
    jobs: Annotated[int, Option(min=1, help="Number of processes.")] = os.cpu_count() or 1,
    as_json: Annotated[bool, Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Update packages one by one; nothing is committed.

    Exit code 0: all updated or up to date; 1: conflicts, failures, or edited files that are no
    longer in the template; 2: wrong usage.
    """
    packages = select_packages(folder, split(only))
    require_writable(folder)
    try:
        with (
            locked(folder / ".batch-update.lock"),
            BatchProgress(len(packages), "updating", quiet=as_json) as progress,
        ):
            outcomes = update_all(packages, vcs_ref, min(jobs, len(packages)), progress.advance)
    except KeyboardInterrupt as error:
        say("interrupted; run the same command to continue")
        raise typer.Exit(command_line.INTERRUPTED) from error
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
    if counts["kept"] or counts["conflict"] or counts["failed"]:
        raise typer.Exit(command_line.FAILED)


if __name__ == "__main__":
    command_line.run(main, EXAMPLES)
