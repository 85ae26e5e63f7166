"""Generate the packages of many model types at once.

python scripts/batch_generate.py --model bert --model google/vit-base-patch16-224
python scripts/batch_generate.py --all
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from hf_skillset_templates.batch.interactive import ask
from hf_skillset_templates.batch.origin import template_origin
from hf_skillset_templates.batch.package import PackageOutcome
from hf_skillset_templates.batch.progress import BatchProgress
from hf_skillset_templates.batch.run import run_jobs
from hf_skillset_templates.batch.selection import UsageError, plan_jobs, select_model_types
from hf_skillset_templates.registry.resolve import UnknownModelError
from hf_skillset_templates.registry.store.paths import ROOT

Option = typer.Option
FAILED, BAD_USAGE, NOTHING_SELECTED, INTERRUPTED = 1, 2, 5, 130


def main(
    model: Annotated[list[str], Option(help="Model type or checkpoint; repeatable.")] = [],
    task: Annotated[
        list[str], Option(help="Only types that do it, only this task; repeatable.")
    ] = [],
    modality: Annotated[str | None, Option(help="text, image, audio, multimodal ...")] = None,
    sample: Annotated[bool, Option("--sample", help="bert, vit, whisper and llava.")] = False,
    all: Annotated[bool, Option("--all", help="Every model type.")] = False,
    skillset_dir: Annotated[Path | None, Option(help="Every hf_*.py found there.")] = None,
    profile: Annotated[str | None, Option(help="basic, template or improved.")] = None,
    platforms: Annotated[str, Option(help="Comma-separated; default: all.")] = "",
    output_dir: Annotated[Path, Option(help="Where the packages go.")] = Path("generated"),
    force: Annotated[bool, Option("--force", help="Replace packages that exist.")] = False,
    dry_run: Annotated[bool, Option("--dry-run", help="Say what would be generated.")] = False,
    jobs: Annotated[int, Option(min=1, help="Processes.")] = os.cpu_count() or 1,
    as_json: Annotated[bool, Option("--json", help="Print one JSON object.")] = False,
    resume: Annotated[bool, Option("--resume", help="Go on with an interrupted run.")] = False,
    interactive: Annotated[bool, Option("--interactive", help="Pick in the terminal.")] = False,
) -> None:
    """Generate the packages of many model types; see the README for examples."""
    started = time.perf_counter()
    try:
        picked: dict[str, Any] = ask() if interactive else {}
        model_types = select_model_types(
            models=picked.get("models", model),
            sample=sample,
            everything=all,
            skillset_dir=skillset_dir,
            tasks=task,
            modality=modality,
        )
        planned = plan_jobs(
            model_types,
            output_dir.resolve(),
            tasks=task,
            platforms=picked.get("platforms") or [name for name in platforms.split(",") if name],
            profile=picked.get("profile", profile),
            origin=lambda: template_origin(ROOT),
        )
    except (UsageError, UnknownModelError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(BAD_USAGE) from error
    if not planned:
        typer.echo("no model type fits all of these options", err=True)
        raise typer.Exit(NOTHING_SELECTED)
    if dry_run:
        typer.echo(
            "\n".join(f"{job.model_type} -> {job.output_dir}/{job.package}" for job in planned)
        )
        return
    try:
        with BatchProgress(len(planned), "generating", quiet=as_json) as progress:
            outcomes = run_jobs(
                planned,
                output_dir.resolve(),
                force=force,
                resume=resume,
                workers=min(jobs, len(planned)),
                report=progress.advance,
            )
    except KeyboardInterrupt as error:
        typer.echo("interrupted; the same command with --resume goes on", err=True)
        raise typer.Exit(INTERRUPTED) from error
    summarise(outcomes, time.perf_counter() - started, as_json)


def summarise(outcomes: list[PackageOutcome], seconds: float, as_json: bool) -> None:
    """Print the summary and leave with its exit code."""
    failures = [outcome for outcome in outcomes if outcome.status == "failed"]
    counts = {s: sum(o.status == s for o in outcomes) for s in ("generated", "skipped", "failed")}
    if as_json:
        named = [{"model_type": o.model_type, "stage": o.stage, "error": o.error} for o in failures]
        summary = {"requested": len(outcomes), **counts, "seconds": round(seconds, 2)}
        typer.echo(json.dumps({**summary, "failures": named}, indent=2))
    else:
        for outcome in failures:
            typer.echo(
                f"failed: {outcome.model_type} at {outcome.stage}: {outcome.error}", err=True
            )
        shown = ", ".join(f"{count} {status}" for status, count in counts.items())
        typer.echo(f"{len(outcomes)} requested: {shown} in {seconds:.1f} s")
    if failures:
        raise typer.Exit(FAILED)


if __name__ == "__main__":
    typer.run(main)
