"""Write the pages of docs/ that are made from data, or check that they are up to date.

python scripts/build_docs.py --check
"""

from __future__ import annotations

from typing import Annotated

import typer

from hf_skillset_templates.registry.entries import write_text
from hf_skillset_templates.registry.task_docs import TASKS_PAGE, tasks_page


def main(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; 1 if outdated.")] = False,
) -> None:
    """Write docs/tasks.md."""
    page = tasks_page()
    if check:
        current = TASKS_PAGE.read_text(encoding="utf-8") if TASKS_PAGE.is_file() else ""
        if current != page:
            typer.echo("docs/tasks.md is outdated: run python scripts/build_docs.py", err=True)
            raise typer.Exit(1)
        return
    typer.echo("written" if write_text(TASKS_PAGE, page) else "unchanged")


if __name__ == "__main__":
    typer.run(main)
