#!/usr/bin/env python3
"""Print one MODEL_REGISTRY of measured facts, which can be imported without this project."""

from __future__ import annotations

import json
from enum import Enum
from pprint import pformat
from typing import Annotated

import typer

from hf_skillset_templates import command_line
from hf_skillset_templates.batch import completion
from hf_skillset_templates.batch.selection import resolve_models
from hf_skillset_templates.registry.store.model_types import model_types
from hf_skillset_templates.reports.model_registry import model_registry

EXAMPLES = """
python scripts/export_registry.py --format python --model bert > model_registry.py
python scripts/export_registry.py --format json --model bert,gpt2
"""


class Format(str, Enum):
    python = "python"
    json = "json"


def main(
    form: Annotated[Format, typer.Option("--format", help="Output format.")] = Format.python,
    model: Annotated[
        list[str],
        typer.Option(
            help="Model type or checkpoint; repeatable or comma-separated; default: all.",
            autocompletion=completion.model,
        ),
    ] = [],
) -> None:
    """Print the registry to stdout; exit code 2 for an unknown model."""
    registry = model_registry(sorted(resolve_models(model)) or list(model_types()))
    if form is Format.json:
        typer.echo(json.dumps(registry, indent=2, ensure_ascii=False))
    else:
        typer.echo(f"MODEL_REGISTRY = {pformat(registry, width=100, sort_dicts=False)}")


if __name__ == "__main__":
    command_line.run(main, EXAMPLES)
