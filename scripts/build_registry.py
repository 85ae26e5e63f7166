"""Builds the registry from the installed transformers: one isolated process per model type."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from hf_skillset_templates.registry.build import Outcome, build_all, known_types, missing_types

app = typer.Typer(add_completion=False)
notes = Console(stderr=True)


def selection(models: list[str], everything: bool, missing: bool) -> list[str]:
    """The model types asked for; a mistyped name is a usage error."""
    unknown = sorted(set(models) - set(known_types()))
    if unknown:
        raise typer.BadParameter(f"no such model type: {', '.join(unknown)}")
    chosen = models or list(known_types() if everything or missing else ())
    return missing_types(chosen) if missing else chosen


def line(outcome: Outcome) -> str:
    state = "ok" if outcome.ok else f"failed at {outcome.stage}: {outcome.error}"
    return f"{outcome.model_type}  {outcome.seconds:.1f} s  {state}"


@app.command()
def main(
    model: Annotated[list[str] | None, typer.Option(help="A model type; may be repeated.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every model type.")] = False,
    missing: Annotated[
        bool,
        typer.Option(help="Only those without a tiny model: goes on where a run stopped."),
    ] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Processes at a time.")] = 1,
    timeout: Annotated[float, typer.Option(help="Seconds for one model type.")] = 180.0,
    memory: Annotated[int, typer.Option(help="MiB that one model type may allocate.")] = 8000,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON line per model type on stdout.")
    ] = False,
) -> None:
    """Writes registry/tiny/ and registry/models/ for the model types chosen."""
    chosen = selection(model or [], everything, missing)
    if not chosen and not missing:
        raise typer.BadParameter("name a --model, or --all, or --missing")
    failed = 0
    bar = Progress(console=notes, disable=not notes.is_terminal)
    try:
        with bar:
            step = bar.add_task("model types", total=len(chosen))
            for outcome in build_all(chosen, jobs, timeout, memory):
                failed += not outcome.ok
                bar.advance(step)
                if as_json:
                    print(json.dumps(outcome.as_dict()), flush=True)
                elif not outcome.ok or not notes.is_terminal:
                    notes.print(line(outcome), markup=False, highlight=False, soft_wrap=True)
    except KeyboardInterrupt:
        notes.print("interrupted; --missing goes on from here")
        sys.exit(130)
    notes.print(f"{len(chosen) - failed} of {len(chosen)} model types built")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    app()
