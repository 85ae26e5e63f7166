#!/usr/bin/env python3
"""Build the registry from the installed transformers, each model type in a separate process."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from hf_skillset_templates import command_line
from hf_skillset_templates.batch import completion
from hf_skillset_templates.batch.selection import check_known, resolve_models
from hf_skillset_templates.command_line import seconds, split
from hf_skillset_templates.errors import UsageError
from hf_skillset_templates.isolation import MEMORY_MB, Limits
from hf_skillset_templates.registry.build import STAGES, build, missing
from hf_skillset_templates.registry.sources.universe import load_universe
from hf_skillset_templates.registry.stages.running import Outcome, Workers
from hf_skillset_templates.reports.coverage import write_coverage

EXAMPLES = """
python scripts/build_registry.py --model bert --model vit
python scripts/build_registry.py --stage shapes --all --jobs 2
python scripts/build_registry.py --missing --json
"""
notes = Console(stderr=True)


def selection(models: list[str], everything: bool, rest: bool) -> list[str]:
    """The requested model types; a misspelt name is a usage error with similar names."""
    universe = list(load_universe().model_types)
    named = [model_type for name in models for model_type in known_as(name, universe)]
    return named or (universe if everything or rest else [])


def known_as(name: str, universe: list[str]) -> list[str]:
    """A model type of transformers, or the one that a name resolves to."""
    return [name] if name in universe else resolve_models([name], ask_hub=False)


def line(outcome: Outcome) -> str:
    state = "ok" if outcome.ok else f"failed at {outcome.error}"
    return f"{outcome.stage}: {outcome.model_type}  {outcome.seconds:.1f} s  {state}"


def main(
    model: Annotated[
        list[str] | None,
        typer.Option(help="Model type; repeatable.", autocompletion=completion.model),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every model type.")] = False,
    rest: Annotated[
        bool,
        typer.Option("--missing", help="Only missing entries; resumes an interrupted run."),
    ] = False,
    stage: Annotated[
        list[str] | None, typer.Option(help=f"One of {', '.join(STAGES)}; default: all.")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Number of processes.")] = 1,
    timeout: Annotated[
        float,
        typer.Option(
            help="Time limit for one stage of a model type.", parser=seconds, metavar="SECONDS"
        ),
    ] = 180.0,
    memory: Annotated[
        int, typer.Option(min=1, help="Memory limit for each model type, in MiB.")
    ] = MEMORY_MB,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON line per model type and stage on stdout.")
    ] = False,
) -> None:
    """Write registry/tiny/ and registry/models/ for the selected model types.

    Failures are recorded in the entries and counted; they do not change the exit code.
    """
    stages = check_known("stage", split(stage or []), set(STAGES)) or STAGES
    chosen = selection(split(model or []), everything, rest)
    if not chosen:
        raise UsageError("no model type selected: use --model, --all or --missing")
    workers = Workers(jobs, Limits(timeout, memory))
    counts = {True: 0, False: 0}
    bar = Progress(console=notes, disable=not notes.is_terminal)
    try:
        with bar:
            for name in (each for each in STAGES if each in stages):
                types = missing(name, chosen) if rest else chosen
                step = bar.add_task(name, total=len(types))
                for outcome in build(name, types, workers):
                    counts[outcome.ok] += 1
                    bar.advance(step)
                    if as_json:
                        print(json.dumps(outcome.as_dict()), flush=True)
                    elif not outcome.ok or not notes.is_terminal:
                        notes.print(line(outcome), markup=False, highlight=False, soft_wrap=True)
    except KeyboardInterrupt as error:
        notes.print("interrupted; run with --missing to continue")
        raise typer.Exit(command_line.INTERRUPTED) from error
    write_coverage()
    notes.print(f"{counts[True]} steps done, {counts[False]} failed: see registry/COVERAGE.md")


if __name__ == "__main__":
    command_line.run(main, EXAMPLES)
