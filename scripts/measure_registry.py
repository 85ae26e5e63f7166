"""Measure what only running or building a model shows, and write it into the registry's entries.

python scripts/measure_registry.py sizes --all
python scripts/measure_registry.py shapes --missing
python scripts/measure_registry.py dependencies --all
"""

from __future__ import annotations

import json
from typing import Annotated

import typer

from hf_skillset_templates.registry.confirm import confirm
from hf_skillset_templates.registry.full_size import record as record_sizes
from hf_skillset_templates.registry.resolve import UnknownModelError, model_types, resolve_model
from hf_skillset_templates.registry.shapes import measure_all, missing

BAD_USAGE = 2
app = typer.Typer(add_completion=False)
Models = Annotated[list[str], typer.Option("--model", help="Model type; repeatable.")]
Everything = Annotated[bool, typer.Option("--all", help="Every model type.")]


def chosen(models: list[str], everything: bool, rest: list[str]) -> list[str]:
    """The model types that the options name."""
    try:
        named = [resolve_model(name, hub=False) for name in models]
    except UnknownModelError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(BAD_USAGE) from error
    return named or (list(model_types()) if everything else rest)


@app.command()
def sizes(model: Models = [], everything: Everything = False) -> None:
    """Parameters, memory, width and longest input of the default configurations."""
    changed = sum(record_sizes(model_type) for model_type in chosen(model, everything, []))
    typer.echo(f"{changed} entries changed", err=True)


@app.command()
def shapes(
    model: Models = [],
    everything: Everything = False,
    unmeasured: Annotated[bool, typer.Option("--missing", help="Those without shapes.")] = False,
) -> None:
    """Input and output tensors of every task, one JSON line per model type."""
    names = chosen(model, everything, missing() if unmeasured else [])
    for model_type, found in measure_all(names):
        typer.echo(json.dumps({"model_type": model_type, **found}))


@app.command()
def dependencies(model: Models = [], everything: Everything = False) -> None:
    """Import everything where nothing but the stated dependencies is installed."""
    for model_type, found in confirm(chosen(model, everything, [])):
        typer.echo(json.dumps({"model_type": model_type, **found}))


if __name__ == "__main__":
    app()
