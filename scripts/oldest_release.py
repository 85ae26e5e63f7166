#!/usr/bin/env python3
"""Find the oldest transformers with which every CPU cell of a model type runs."""

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
    """The requested releases; the default ones if none is given."""
    releases = tuple(split(values)) or RELEASES
    if wrong := [each for each in releases if not re.match(r"\d+\.\d+\.\d+\Z", each, re.ASCII)]:
        raise UsageError(f"{wrong[0][:60]!r} is no release: give one such as 5.6.0")
    return releases


def main(
    model: Annotated[
        list[str],
        Option(help="A model type; repeatable, or with commas.", autocompletion=completion.model),
    ] = [],
    spread: Annotated[
        int, Option(min=0, help="So many types over all modalities, always the same.")
    ] = 0,
    everything: Annotated[bool, Option("--all", help="Every model type.")] = False,
    release: Annotated[
        list[str], Option(help=f"Repeatable, or with commas; default: {', '.join(RELEASES)}.")
    ] = [],
    work: Annotated[
        Path, Option(help="Environments, runs and the log.", parser=writable_folder)
    ] = Path("runs/oldest"),
    jobs: Annotated[int, Option(min=1, help="Processes at a time.")] = 1,
    primary: Annotated[
        bool, Option("--primary", help="Only the first task of each; the others in a later search.")
    ] = False,
    again: Annotated[
        bool, Option("--again", help="Forget what registry/oldest.json has of these model types.")
    ] = False,
) -> None:
    """Write the oldest release that works into registry/oldest.json, and why the next one fails.

    Only releases of which the table does not tell are tried, the oldest first; one that passes
    ends the search for a model type. The same command resumes an interrupted run.
    """
    releases = releases_of(release)
    if not (model or spread or everything):
        raise UsageError("name a --model, or --spread N, or --all")
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
                say(f"{step}: the oldest one of {passed} of {len(table)} model types")
        except KeyboardInterrupt as error:
            say("interrupted; the same command goes on")
            raise typer.Exit(command_line.INTERRUPTED) from error
    for name in (name for name in names if name in table):
        fails = table[name].get("fails", {})
        why = f"; {fails['transformers']} fails at {fails['error']}" if fails else ""
        typer.echo(f"{name}: {table[name]['transformers']}{why}")


if __name__ == "__main__":
    command_line.run(main, EXAMPLES)
