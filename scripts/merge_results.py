#!/usr/bin/env python3
"""Merge the runs of several shards (`batch_test.py --shard`) into one run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hf_skillset_templates import command_line
from hf_skillset_templates.command_line import resolved, run_folder, say
from hf_skillset_templates.results.merge import merge
from hf_skillset_templates.results.run_folder import read_run

EXAMPLES = """
python scripts/merge_results.py runs/shard-1 runs/shard-2 --run runs/last
"""


def main(
    runs: Annotated[list[Path], typer.Argument(help="Folders of the runs.")],
    run: Annotated[Path, typer.Option(help="Folder of the new run.", parser=run_folder)] = Path(
        "runs/last"
    ),
) -> None:
    """Merge runs. If several have the same cell, the record of the last one is used."""
    contents = [read_run(path) for path in runs]
    for note in [note for each in contents for note in each.notes]:
        say(note)
    made = merge(contents, resolved(str(run)))
    typer.echo(f"{len(made)} records of {len(contents)} runs -> {run}")


if __name__ == "__main__":
    command_line.run(main, EXAMPLES)
