#!/usr/bin/env python3
"""Find the oldest transformers release with which every CPU cell of a model type runs."""

from __future__ import annotations

import re
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from hf_skillset_templates import command_line
from hf_skillset_templates.batch import completion
from hf_skillset_templates.batch.lock import locked
from hf_skillset_templates.batch.selection import select_model_types
from hf_skillset_templates.command_line import say, split, writable_folder
from hf_skillset_templates.errors import UsageError
from hf_skillset_templates.registry.store.oldest import read_table, write_table
from hf_skillset_templates.registry.store.paths import ROOT
from hf_skillset_templates.release.oldest import RELEASES, Search, search

Option = typer.Option
EXAMPLES = """
python scripts/oldest_release.py --spread 12
python scripts/oldest_release.py --model bert,vit --release 5.6.0,5.0.0
python scripts/oldest_release.py --all --jobs 2
"""


def releases_of(values: list[str]) -> tuple[str, ...]:
    """The requested releases; the default ones if none are given."""
    releases = tuple(split(values)) or RELEASES
    if wrong := [each for each in releases if not re.match(r"\d+\.\d+\.\d+\Z", each, re.ASCII)]:
        raise UsageError(f"{wrong[0][:60]!r} is not a release: expected a version such as 5.6.0")
    return releases


def main(
    model: Annotated[
        list[str],
        Option(help="Model type; repeatable or comma-separated.", autocompletion=completion.model),
    ] = [],
    spread: Annotated[
        int, Option(min=0, help="Number of model types from all modalities (deterministic).")
    ] = 0,
    everything: Annotated[bool, Option("--all", help="Every model type.")] = False,
    release: Annotated[
        list[str],
        Option(help=f"Repeatable or comma-separated; default: {', '.join(RELEASES)}."),
    ] = [],
    work: Annotated[
        Path, Option(help="Folder of the environments, runs and log.", parser=writable_folder)
    ] = Path("runs/oldest"),
    jobs: Annotated[int, Option(min=1, help="Number of processes.")] = 1,
    primary: Annotated[
        bool, Option("--primary", help="Only the first task of each model type.")
    ] = False,
    again: Annotated[
        bool, Option("--again", help="Repeat the search for model types in registry/oldest.json.")
    ] = False,
) -> None:
    """Write the oldest release that passes, and why the next one fails, to registry/oldest.json.

    Only releases without a result in the table are tried, the oldest first; the first one that
    passes ends the search for a model type. The same command resumes an interrupted run.
    """
    releases = releases_of(release)
    if not (model or spread or everything):
        raise UsageError("no model type selected: use --model, --spread or --all")
    names = select_model_types(models=split(model), spread=spread, everything=everything)
    work = writable_folder(str(work))
    settings = Search(work, ROOT, version("transformers"), releases, jobs, primary)
    work.parent.mkdir(parents=True, exist_ok=True)
    with locked(work.with_name(f".{work.name}.lock")):
        table = known = {} if again else read_table()
        for folder in (*work.glob("run-*"), settings.packages) if again else ():
            shutil.rmtree(folder, ignore_errors=True)
        try:
            for step, table in search(settings, names, known):
                write_table(table)
                passed = sum(each["transformers"] == step for each in table.values())
                say(f"{step}: the oldest passing release of {passed} of {len(table)} model types")
        except KeyboardInterrupt as error:
            say("interrupted; run the same command to continue")
            raise typer.Exit(command_line.INTERRUPTED) from error
    for name in (name for name in names if name in table):
        fails = table[name].get("fails", {})
        why = f"; {fails['transformers']} fails at {fails['error']}" if fails else ""
        typer.echo(f"{name}: {table[name]['transformers']}{why}")


if __name__ == "__main__":
    command_line.run(main, EXAMPLES)
