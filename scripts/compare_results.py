#!/usr/bin/env python3
"""Print the changes from one run (the baseline), or from the registry, to another run."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import fields
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hf_skillset_templates import command_line
from hf_skillset_templates.command_line import say, writable_file
from hf_skillset_templates.results.compare import Change, Comparison, compare
from hf_skillset_templates.results.source import read_source

EXAMPLES = """
python scripts/compare_results.py runs/before runs/after
python scripts/compare_results.py registry runs/last --json
"""


def main(
    before: Annotated[str, typer.Argument(help="A run's folder, or `registry`.")],
    after: Annotated[str, typer.Argument(help="A run's folder, or `registry`.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    output: Annotated[
        Path | None, typer.Option(help="Also write the JSON object to this file.")
    ] = None,
) -> None:
    """Compare two runs.

    Exit code 0: no regressions; 1: regressions; 2: wrong usage.
    """
    if output is not None:
        writable_file(str(output))
    runs = [read_source(name) for name in (before, after)]
    for note in [note for run in runs for note in run.notes]:
        say(note)
    comparison = compare(runs[0].records, runs[1].records)
    text = json.dumps(comparison.to_dict(), indent=2)
    if output is not None:
        output.write_text(text + "\n", encoding="utf-8")
    if as_json:
        typer.echo(text)
    else:
        show(comparison)
    if comparison.regressions:
        raise typer.Exit(command_line.FAILED)


def show(comparison: Comparison) -> None:
    """Print one table for each kind of change, and the number of unchanged cells."""
    console = Console(width=None if Console().is_terminal else 160)
    kinds = [each.name for each in fields(comparison) if each.name != "unchanged"]
    for kind in kinds:
        if changes := getattr(comparison, kind):
            console.print(table(kind.replace("_", " "), changes))
    counts = Counter({kind: len(getattr(comparison, kind)) for kind in kinds})
    counts["unchanged"] = comparison.unchanged
    named = (f"{number} {kind.replace('_', ' ')}" for kind, number in counts.items() if number)
    console.print(", ".join(named) or "neither run has any cells", markup=False)


def table(title: str, changes: list[Change], most: int = 40) -> Table:
    """The cells of one kind; the first `most` of them."""
    rest = len(changes) - most
    named = f"{title} ({len(changes)}{f', {rest} not shown: use --json' if rest > 0 else ''})"
    made = Table("model type", "task", "platform", "before", "after", "detail", title=named)
    for each in changes[:most]:
        detail = " ".join(each.detail.split())[:80].replace("[", "\\[")
        row = f"{each.model_type} {each.module}".strip()
        made.add_row(row, each.task, each.platform, each.before, each.after, detail)
    return made


if __name__ == "__main__":
    command_line.run(main, EXAMPLES)
