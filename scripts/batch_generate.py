#!/usr/bin/env python3
"""Generate packages for many model types."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from hf_skillset_templates import command_line
from hf_skillset_templates.batch import completion
from hf_skillset_templates.batch.interactive import ask
from hf_skillset_templates.batch.origin import find_origin
from hf_skillset_templates.batch.package import PackageJob, PackageOutcome
from hf_skillset_templates.batch.progress import BatchProgress
from hf_skillset_templates.batch.run import require_free, run_jobs
from hf_skillset_templates.batch.selection import plan_jobs, select_model_types
from hf_skillset_templates.command_line import say, split, writable_folder
from hf_skillset_templates.registry.store.paths import ROOT

Option = typer.Option
EXAMPLES = """
python scripts/batch_generate.py --sample
python scripts/batch_generate.py --model bert,gpt2 --platforms cpu,openvino
python scripts/batch_generate.py --model google/vit-base-patch16-224 --output-dir packages
python scripts/batch_generate.py --modality audio --profile template --dry-run
python scripts/batch_generate.py --spread 60 --platforms cpu,openvino
python scripts/batch_generate.py --all --json
"""


def main(
    model: Annotated[
        list[str],
        Option(
            help="Model type, checkpoint or folder; repeatable or comma-separated.",
            autocompletion=completion.model,
        ),
    ] = [],
    task: Annotated[
        list[str],
        Option(
            help="Only model types with this task, and only this task; repeatable.",
            autocompletion=completion.task,
        ),
    ] = [],
    modality: Annotated[str | None, Option(help="text, image, audio, multimodal, ...")] = None,
    sample: Annotated[
        bool, Option("--sample", help="The model types bert, vit, whisper and llava.")
    ] = False,
    spread: Annotated[
        int, Option(min=0, help="Number of model types from all modalities (deterministic).")
    ] = 0,
    all: Annotated[bool, Option("--all", help="Every model type.")] = False,
    skillset_dir: Annotated[
        Path | None,
        Option(
            help="The model types of the hf_*.py files and hf_* folders in this folder.",
            parser=command_line.readable_folder,
        ),
    ] = None,
    profile: Annotated[
        str | None, Option(help="basic, template or improved.", autocompletion=completion.profile)
    ] = None,
    platforms: Annotated[
        list[str],
        Option(
            help="Repeatable or comma-separated; default: all.", autocompletion=completion.platform
        ),
    ] = [],
    output_dir: Annotated[
        Path, Option(help="Output folder of the packages.", parser=writable_folder)
    ] = Path("generated"),
    force: Annotated[bool, Option("--force", help="Replace existing packages.")] = False,
    dry_run: Annotated[bool, Option("--dry-run", help="Print what would be generated.")] = False,
    jobs: Annotated[int, Option(min=1, help="Number of processes.")] = os.cpu_count() or 1,
    as_json: Annotated[bool, Option("--json", help="Print one JSON object.")] = False,
    resume: Annotated[bool, Option("--resume", help="Resume an interrupted run.")] = False,
    interactive: Annotated[bool, Option("--interactive", help="Select in the terminal.")] = False,
) -> None:
    """Generate packages for many model types.

    Exit code 0: all generated; 1: some failed; 2: wrong usage; 5: no model type matches.
    """
    started = time.perf_counter()
    output_dir = writable_folder(str(output_dir))
    require_free(output_dir)
    tasks = split(task)
    picked: dict[str, Any] = ask() if interactive else {}
    model_types = select_model_types(
        models=picked.get("models", model),
        sample=sample,
        spread=spread,
        everything=all,
        skillset_dir=skillset_dir,
        tasks=tasks,
        modality=modality,
    )
    origin = find_origin(ROOT)
    planned = plan_jobs(
        model_types,
        output_dir,
        tasks=tasks,
        platforms=picked.get("platforms") or split(platforms),
        profile=picked.get("profile", profile),
        origin=origin.answers,
    )
    if not planned:
        say("no model type matches all of these options")
        raise typer.Exit(command_line.NOTHING_SELECTED)
    if origin.warning:
        say(origin.warning)
    if dry_run:
        show_plan(planned, as_json)
        return
    try:
        with BatchProgress(len(planned), "generating", quiet=as_json) as progress:
            outcomes = run_jobs(
                planned,
                output_dir,
                force=force,
                resume=resume,
                workers=min(jobs, len(planned)),
                report=progress.advance,
            )
    except KeyboardInterrupt as error:
        say("interrupted; run the same command with --resume to continue")
        raise typer.Exit(command_line.INTERRUPTED) from error
    summarise(outcomes, time.perf_counter() - started, as_json, origin.warning)


def show_plan(planned: list[PackageJob], as_json: bool) -> None:
    """Print what would be generated."""
    folders = {job.model_type: str(Path(job.output_dir, job.package)) for job in planned}
    if as_json:
        listed = [{"model_type": name, "package": folder} for name, folder in folders.items()]
        typer.echo(json.dumps({"requested": len(planned), "would_generate": listed}, indent=2))
    else:
        typer.echo("\n".join(f"{name} -> {folder}" for name, folder in folders.items()))


def summarise(outcomes: list[PackageOutcome], seconds: float, as_json: bool, warning: str) -> None:
    """Print the summary and exit with its exit code."""
    failures = [outcome for outcome in outcomes if outcome.status == "failed"]
    counts = {s: sum(o.status == s for o in outcomes) for s in ("generated", "skipped", "failed")}
    if as_json:
        named = [{"model_type": o.model_type, "stage": o.stage, "error": o.error} for o in failures]
        summary = {"requested": len(outcomes), **counts, "seconds": round(seconds, 2)}
        noted = {"warning": warning} if warning else {}
        typer.echo(json.dumps({**summary, "failures": named, **noted}, indent=2))
    else:
        for outcome in failures:
            say(f"failed: {outcome.model_type} at {outcome.stage}: {outcome.error}")
        shown = ", ".join(f"{count} {status}" for status, count in counts.items())
        typer.echo(f"{len(outcomes)} requested: {shown} in {seconds:.1f} s")
    if failures:
        raise typer.Exit(command_line.FAILED)


if __name__ == "__main__":
    command_line.run(main, EXAMPLES)
