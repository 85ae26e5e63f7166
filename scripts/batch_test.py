#!/usr/bin/env python3
"""Run every task of generated packages with their tiny models, and record the results."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from collections.abc import Generator
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer

from hf_skillset_templates import command_line
from hf_skillset_templates.batch import completion
from hf_skillset_templates.batch.choice import (
    Choice,
    check_names,
    done_cells,
    failed_cells,
    parse_shard,
)
from hf_skillset_templates.batch.lock import locked
from hf_skillset_templates.batch.packages import find_packages, select_packages
from hf_skillset_templates.batch.progress import BatchProgress, CellProgress
from hf_skillset_templates.batch.rendering import FOLDER, planned_jobs, render
from hf_skillset_templates.batch.run_tests import Summary, as_json, lines, measured_with, run_tests
from hf_skillset_templates.batch.selection import check_known
from hf_skillset_templates.batch.testing import Job, plan, run_here
from hf_skillset_templates.command_line import (
    network_address,
    resolved,
    run_folder,
    say,
    seconds,
    split,
)
from hf_skillset_templates.errors import UsageError
from hf_skillset_templates.isolation import MEMORY_MB, Limits
from hf_skillset_templates.registry.store.entries import read_entry
from hf_skillset_templates.registry.store.model_types import package_name, pipeline_map
from hf_skillset_templates.registry.store.platforms import platform_names
from hf_skillset_templates.results.machine import machine, versions
from hf_skillset_templates.results.records import Record
from hf_skillset_templates.results.run_folder import RUN, Run, RunWriter, read_run

Option = typer.Option
RUNS = Path("runs/last")
EXAMPLES = """
python scripts/batch_test.py generated
python scripts/batch_test.py --generate --only bert --platform cpu,openvino
python scripts/batch_test.py generated --only 'hf_bert*' --exclude '*_text' --json
python scripts/batch_test.py --generate --platform openvino --primary --shard 2/8 --run runs/2
python scripts/batch_test.py generated --failed-in runs/last --run runs/again
python scripts/batch_test.py --generate --scheduler tcp://head:8786 --platform cuda
"""


def main(
    folder: Annotated[Path, typer.Argument(help="Folder of packages.")] = Path("generated"),
    generate: Annotated[
        bool, Option("--generate", help="Render the packages into the run's folder first.")
    ] = False,
    platform: Annotated[
        list[str],
        Option(help="Repeatable or comma-separated.", autocompletion=completion.platform),
    ] = ["cpu"],
    task: Annotated[
        list[str],
        Option(help="Only these; repeatable or comma-separated.", autocompletion=completion.task),
    ] = [],
    primary: Annotated[bool, Option("--primary", help="Only each package's first task.")] = False,
    only: Annotated[
        list[str],
        Option(
            help="Only packages or model types that match, such as 'hf_bert*'.",
            autocompletion=completion.model,
        ),
    ] = [],
    exclude: Annotated[
        list[str],
        Option(help="Omit packages or model types that match.", autocompletion=completion.model),
    ] = [],
    modality: Annotated[str | None, Option(help="text, image, audio, multimodal, ...")] = None,
    failed_in: Annotated[
        Path | None, Option(help="Only cells that failed in this run or results file.")
    ] = None,
    shard: Annotated[
        str | None, Option(help="Only part I of N parts of the cells.", metavar="I/N")
    ] = None,
    run: Annotated[
        Path,
        Option(help="Folder of the run; an earlier run in it is renamed.", parser=run_folder),
    ] = RUNS,
    jobs: Annotated[int, Option(min=1, help="Number of processes.")] = os.cpu_count() or 1,
    timeout: Annotated[
        float, Option(help="Time limit for each package.", parser=seconds, metavar="SECONDS")
    ] = 300.0,
    memory: Annotated[
        int, Option(min=256, help="Memory limit for each package, in MiB.")
    ] = MEMORY_MB,
    scheduler: Annotated[
        str | None,
        Option(
            help="Run on a Dask cluster, such as tcp://host:8786.",
            parser=network_address,
            metavar="ADDRESS",
        ),
    ] = None,
    fail_fast: Annotated[
        bool, Option("--fail-fast", help="Stop at the first unexpected failure.")
    ] = False,
    strict: Annotated[
        bool, Option("--strict", help="Exit code 1 also for surprises and changed failures.")
    ] = False,
    resume: Annotated[
        bool, Option("--resume", help="Skip cells that the run has results for.")
    ] = False,
    dry_run: Annotated[bool, Option("--dry-run", help="Print which cells would run.")] = False,
    json_asked: Annotated[bool, Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Test packages.

    A failure that the registry records is expected. A failure of a cell that the registry records
    as verified, or does not contain, is unexpected. Exit code 0: no unexpected failures; 1:
    unexpected failures; 2: wrong usage; 5: nothing selected, or no cell ran; 130: interrupted.
    """
    choice = choose(platform, task, only, exclude, modality, primary, failed_in, shard)
    run = resolved(str(run))
    earlier = read_run(run) if resume and (run / RUN).is_file() else None
    records = earlier.records if earlier else []
    choice = dataclasses.replace(choice, done=done_cells(records))
    planned = jobs_of(folder, generate, choice, run)
    if not planned and not records:
        say("no cell matches all of these options")
        raise typer.Exit(command_line.NOTHING_SELECTED)
    if dry_run:
        show_plan(planned, json_asked)
        return
    limits = Limits(timeout_s=timeout, memory_mb=memory)
    run.parent.mkdir(parents=True, exist_ok=True)
    with locked(run.with_name(f".{run.name}.lock")):
        writer = open_run(run, earlier, facts_of(planned, choice, scheduler))
        try:
            if generate:
                planned = rendered(planned, choice, run, jobs, quiet=json_asked)
            total = sum(len(job.cells) for job in planned)
            finished = execute(planned, scheduler, choice, jobs, limits)
            with closing(finished), CellProgress(total, quiet=json_asked) as progress:
                summary = run_tests(finished, writer, progress, fail_fast)
        except KeyboardInterrupt as error:
            say("interrupted; run the same command with --resume to continue")
            raise typer.Exit(command_line.INTERRUPTED) from error
    summary.records = [*records, *summary.records]
    leave(summary, json_asked, strict)


def choose(
    platform: list[str],
    task: list[str],
    only: list[str],
    exclude: list[str],
    modality: str | None,
    primary: bool,
    failed_in: Path | None,
    shard: str | None,
) -> Choice:
    """The selection of the options; unknown names are usage errors."""
    table = pipeline_map()
    tasks = check_known("task", split(task), {name for each in table.values() for name in each})
    if modality is not None:
        check_known("modality", [modality], {read_entry(name)["modality"] for name in table})
    return Choice(
        platforms=tuple(check_known("platform", split(platform), set(platform_names()))),
        tasks=tuple(tasks),
        only=tuple(split(only)),
        exclude=tuple(split(exclude)),
        modality=modality,
        primary=primary,
        among=failed_cells(failed_in) if failed_in else None,
        shard=parse_shard(shard) if shard else None,
    )


def jobs_of(folder: Path, generate: bool, choice: Choice, run: Path) -> list[Job]:
    """The jobs to run: of the packages in a folder, or of the registry's with `generate`."""
    if generate:
        table = pipeline_map()
        check_names((*choice.only, *choice.exclude), [*table, *map(package_name, table)])
        return planned_jobs(choice, run / FOLDER)
    folder = command_line.readable_folder(str(folder))
    names = [path.name for path in find_packages(folder)]
    packages = select_packages(folder, [])
    types = [name.removeprefix("hf_") for name in names]
    check_names((*choice.only, *choice.exclude), [*names, *types, *pipeline_map()])
    return plan(packages, choice)


def open_run(run: Path, earlier: Run | None, facts: dict[str, Any]) -> RunWriter:
    """The run to resume; a new one if there is none."""
    if earlier is None:
        return RunWriter.start(run, facts)
    for note in earlier.notes:
        say(note)
    return RunWriter.resume(earlier, facts)


def facts_of(planned: list[Job], choice: Choice, scheduler: str | None) -> dict[str, Any]:
    """The facts of a run in `run.json`, without its id and times."""
    facts = {
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
        "versions": versions(measured_with(choice.platforms), version("hf-skillset-templates")),
        "machine": machine({}),
        "platforms": list(choice.platforms),
        "planned": sum(len(job.cells) for job in planned),
    }
    facts |= {"scheduler": scheduler} if scheduler else {}
    return facts | ({"shard": str(choice.shard)} if choice.shard else {})


def rendered(planned: list[Job], choice: Choice, run: Path, jobs: int, *, quiet: bool) -> list[Job]:
    """Render the packages of the planned jobs into the run's folder."""
    if not planned:
        return []
    with BatchProgress(len(planned), "generating", quiet=quiet) as progress:
        return render(planned, choice, run / FOLDER, jobs, progress.advance)


def execute(
    planned: list[Job], scheduler: str | None, choice: Choice, jobs: int, limits: Limits
) -> Generator[list[Record]]:
    """The records as they come, from this machine or from a cluster."""
    if scheduler is None:
        return run_here(planned, min(jobs, max(len(planned), 1)), limits)
    try:
        from hf_skillset_templates.batch.cluster import run_on_cluster
    except ModuleNotFoundError as error:
        raise UsageError(
            f"--scheduler needs {error.name}: pip install 'hf-skillset-templates[dask]'"
        ) from error
    return run_on_cluster(planned, scheduler, choice.platforms, limits)


def show_plan(planned: list[Job], json_asked: bool) -> None:
    """Print which cells would run."""
    cells = [cell for job in planned for cell in job.cells]
    if json_asked:
        typer.echo(json.dumps({"cells": [cell._asdict() for cell in cells]}, indent=2))
    else:
        typer.echo("\n".join(map(str, cells)))
        say(f"{len(cells)} cells of {len(planned)} packages")


def leave(summary: Summary, json_asked: bool, strict: bool) -> None:
    """Print the summary and exit with its exit code."""
    typer.echo(json.dumps(as_json(summary), indent=2) if json_asked else "\n".join(lines(summary)))
    if not summary.ran:
        say("no cell ran: the platform is unavailable, or no package has a tiny model")
        raise typer.Exit(command_line.NOTHING_SELECTED)
    if summary.fails(strict):
        raise typer.Exit(command_line.FAILED)


if __name__ == "__main__":
    command_line.run(main, EXAMPLES)
