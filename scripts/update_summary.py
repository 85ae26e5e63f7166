#!/usr/bin/env python3
"""Print the output of `batch_update.py --json` as the text of a commit or merge request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from hf_skillset_templates import command_line
from hf_skillset_templates.command_line import readable_file
from hf_skillset_templates.errors import UsageError

EXAMPLES = """
python scripts/batch_update.py generated --json > update.json
python scripts/update_summary.py update.json
"""
SECTIONS = {
    "conflict": "Conflicts to resolve",
    "kept": "Edited files that are no longer in the template: move your edits",
    "failed": "Not updated",
    "updated": "Updated",
}


def main(
    update: Annotated[
        Path, typer.Argument(help="Output of batch_update.py --json.", parser=readable_file)
    ],
) -> None:
    """Print Markdown: the subject line, then conflicts, failures and updates by package."""
    try:
        outcome = json.loads(update.read_text(encoding="utf-8"))
        typer.echo("\n".join(lines(outcome["packages"])))
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{update} is not output of batch_update.py --json: {error}") from error


def lines(packages: list[dict[str, Any]]) -> Iterator[str]:
    """The lines of the text."""
    counted = {status: [p for p in packages if p["status"] == status] for status in SECTIONS}
    summary = ", ".join(
        f"{len(updated)} {status}" for status, updated in counted.items() if updated
    )
    yield f"Packages at the newest template: {summary or 'nothing to do'}"
    for status, updated in counted.items():
        if updated:
            yield f"\n## {SECTIONS[status]}\n"
        for package in updated:
            summary = f"{package['version']} {package['error']}".strip()
            yield f"- {package['package']} {summary}".rstrip()


if __name__ == "__main__":
    command_line.run(main, EXAMPLES)
