#!/usr/bin/env python3
"""Write the generated parts of the pages in docs/, or check that they are up to date."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hf_skillset_templates import command_line
from hf_skillset_templates.registry.store.entries import write_text
from hf_skillset_templates.reports.oldest import RELEASES_PAGE, releases_page
from hf_skillset_templates.reports.platforms import PLATFORMS_PAGE, platforms_page
from hf_skillset_templates.reports.tasks import TASKS_PAGE, tasks_page

EXAMPLES = """
python scripts/build_docs.py
python scripts/build_docs.py --check
"""


def main(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit code 1 if a page is outdated.")
    ] = False,
) -> None:
    """Write docs/tasks.md, the coverage of docs/platforms.md, the table of docs/releases.md."""
    pages = {
        TASKS_PAGE: tasks_page(),
        PLATFORMS_PAGE: platforms_page(),
        RELEASES_PAGE: releases_page(),
    }
    if check:
        outdated = [path.name for path, page in pages.items() if read(path) != page]
        if outdated:
            names = " and ".join(f"docs/{name}" for name in outdated)
            typer.echo(f"outdated: {names}; run python scripts/build_docs.py", err=True)
            raise typer.Exit(1)
        return
    for path, page in pages.items():
        typer.echo(f"docs/{path.name} {'written' if write_text(path, page) else 'unchanged'}")


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


if __name__ == "__main__":
    command_line.run(main, EXAMPLES)
