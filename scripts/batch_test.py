#!/usr/bin/env python3
"""Run every task of generated packages with their tiny models, and say honestly what ran."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from hf_skillset_templates import command_line
from hf_skillset_templates.batch.lock import locked
from hf_skillset_templates.batch.packages import select_packages
from hf_skillset_templates.batch.progress import BatchProgress
from hf_skillset_templates.batch.records import CELL, Record, read_lines, require_records
from hf_skillset_templates.batch.selection import check_known
from hf_skillset_templates.batch.testing import RAN, clusters, counts, test_packages
from hf_skillset_templates.command_line import say, seconds, split, writable_file
from hf_skillset_templates.isolation import Limits
from hf_skillset_templates.registry.store.model_types import pipeline_map
from hf_skillset_templates.registry.store.platforms import platform_names

Option = typer.Option
EXAMPLES = """
python scripts/batch_test.py generated
python scripts/batch_test.py generated --platform cpu --only hf_bert --json
python scripts/batch_test.py generated --platform openvino --primary --resume
"""


def main(
    folder: Annotated[
        Path,
        typer.Argument(help="A folder of generated packages.", parser=command_line.readable_folder),
    ],
    platform: Annotated[list[str], Option(help="Repeatable, or with commas.")] = ["cpu"],
    task: Annotated[list[str], Option(help="Only packages with it; repeatable.")] = [],
    primary: Annotated[bool, Option("--primary", help="Each package's first task alone.")] = False,
    only: Annotated[list[str], Option(help="Package name; repeatable.")] = [],
    results: Annotated[
        Path | None, Option(help="Default: FOLDER/.results.jsonl.", parser=writable_file)
    ] = None,
    jobs: Annotated[int, Option(min=1, help="Processes.")] = os.cpu_count() or 1,
    timeout: Annotated[
        float, Option(help="Seconds for one package.", parser=seconds, metavar="SECONDS")
    ] = 300.0,
    resume: Annotated[
        bool, Option("--resume", help="Leave out cells that the file holds.")
    ] = False,
    as_json: Annotated[bool, Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Test packages.

    Exit code 0: all good; 1: some cells failed; 2: wrong usage; 5: no cell ran.
    """
    platforms = check_known("platform", split(platform), set(platform_names()))
    all_tasks = {name for tasks in pipeline_map().values() for name in tasks}
    tasks = check_known("task", split(task), all_tasks)
    packages = select_packages(folder, split(only))
    results = writable_file(str(results or folder / ".results.jsonl"))
    require_records(results, CELL, "results of a batch test")
    with locked(results.with_name(f"{results.name}.lock")):
        done = cells_in(results) if resume else frozenset()
        if not resume:
            results.unlink(missing_ok=True)
        try:
            with BatchProgress(len(packages), "testing", quiet=as_json) as progress:
                test_packages(
                    packages,
                    platforms,
                    tasks,
                    results,
                    jobs=jobs,
                    limits=Limits(timeout_s=timeout),
                    report=progress.advance,
                    primary=primary,
                    done=done,
                )
        except KeyboardInterrupt as error:
            say("interrupted; the same command with --resume goes on")
            raise typer.Exit(command_line.INTERRUPTED) from error
        records = read_lines(results, CELL).records
    asked = [record for record in records if record["platform"] in platforms]
    summarise([record for record in asked if not tasks or record["task"] in (*tasks, "")], as_json)


def cells_in(results: Path) -> frozenset[tuple[str, str, str]]:
    """The cells that a file has results of; lines that say nothing are counted."""
    lines = read_lines(results, CELL)
    if lines.skipped:
        say(f"{results}: {lines.skipped} lines are no results and were left aside")
    return frozenset((r["model_type"], r["task"], r["platform"]) for r in lines.records)


def summarise(records: list[Record], as_json: bool) -> None:
    """Print the counts and the clusters of errors; leave with the exit code."""
    found = clusters(records)
    if as_json:
        failures = [dict(zip(("cells", "stage", "error", "where"), cluster)) for cluster in found]
        typer.echo(json.dumps({"counts": counts(records), "failures": failures}, indent=2))
    else:
        for number, stage, error, where in found:
            typer.echo(f"{number} at {stage}: {error} ({', '.join(where[:3])} ...)")
        typer.echo(", ".join(f"{number} {status}" for status, number in counts(records).items()))
    if found:
        raise typer.Exit(command_line.FAILED)
    if not any(record["status"] in RAN for record in records):
        say("no cell ran: no package has such a task, or the platform is not there")
        raise typer.Exit(command_line.NOTHING_SELECTED)


if __name__ == "__main__":
    command_line.run(main, EXAMPLES)
