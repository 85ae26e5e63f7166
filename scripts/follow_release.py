#!/usr/bin/env python3
"""Move the registry to a release of transformers, on a new branch."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated

import typer

from hf_skillset_templates import command_line
from hf_skillset_templates.batch import completion
from hf_skillset_templates.batch.lock import locked
from hf_skillset_templates.command_line import readable_file, say, split, writable_folder
from hf_skillset_templates.errors import UsageError
from hf_skillset_templates.registry.store.entries import write_text
from hf_skillset_templates.registry.store.paths import ROOT
from hf_skillset_templates.release.follow import Move, follow, result
from hf_skillset_templates.release.report import report

Option = typer.Option
EXAMPLES = """
python scripts/follow_release.py 5.24.0
python scripts/follow_release.py 5.24.0 --only bert,vit --work /tmp/5.24
python scripts/follow_release.py 5.24.0 --python venv/bin/python
"""


def release(text: str) -> str:
    """A version in the form of PyPI."""
    if not re.match(r"\d+\.\d+(\.\d+)?((a|b|rc|\.dev|\.post)\d+)?\Z", text, re.ASCII):
        raise UsageError(f"{text[:60]!r} is not a release: expected a version such as 5.24.0")
    return text


def interpreter(text: str) -> Path:
    """An executable Python; symbolic links are kept, because virtual environments need them."""
    path = readable_file(text) and Path(os.path.abspath(text))
    if not os.access(path, os.X_OK):
        raise UsageError(f"{path} is not executable")
    return path


def main(
    version: Annotated[str, typer.Argument(help="Release, such as 5.24.0.", parser=release)],
    only: Annotated[
        list[str],
        Option(help="Build and measure only these model types.", autocompletion=completion.model),
    ] = [],
    work: Annotated[
        Path | None,
        Option(
            help="Folder of the worktree and the journal; default: runs/release-VERSION.",
            parser=writable_folder,
        ),
    ] = None,
    python: Annotated[
        Path | None,
        Option(
            help="Interpreter with the release; default: a new virtual environment.",
            parser=interpreter,
        ),
    ] = None,
    jobs: Annotated[int, Option(min=1, help="Number of processes.")] = 1,
) -> None:
    """Rebuild and remeasure the model types that a transformers release changed, and report.

    Works in a git worktree on the branch transformers-VERSION, with a separate virtual
    environment. The same command resumes an interrupted run. Exit code 0: no regressions; 1:
    cells that ran before fail; 2: wrong usage.
    """
    folder = work or writable_folder(str(Path("runs", f"release-{version}")))
    move = Move(version, folder, ROOT, jobs, frozenset(split(only)), python)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with locked(folder.with_name(f".{folder.name}.lock")):
        try:
            for step in follow(move):
                say(f"{step} ...")
        except KeyboardInterrupt as error:
            say("interrupted; run the same command to continue")
            raise typer.Exit(command_line.INTERRUPTED) from error
        outcome = result(move)
        write_text(folder / "report.md", report(outcome))
    typer.echo(report(outcome))
    say(f"branch transformers-{version}, worktree {folder / 'tree'}, {folder / 'report.md'}")
    if outcome.regressions:
        raise typer.Exit(command_line.FAILED)


if __name__ == "__main__":
    command_line.run(main, EXAMPLES)
