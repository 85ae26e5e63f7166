#!/usr/bin/env python3
"""Write modules that import installed packages, for workers that load skillsets by path."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hf_skillset_templates import command_line
from hf_skillset_templates.batch.packages import select_packages
from hf_skillset_templates.batch.shims import write_shim
from hf_skillset_templates.command_line import readable_folder, writable_folder

Option = typer.Option
EXAMPLES = """
python scripts/write_shims.py worker/skillset --packages generated
python scripts/write_shims.py worker/skillset --only hf_bert --force
"""


def main(
    folder: Annotated[
        Path,
        typer.Argument(help="Folder from which the worker loads hf_*.py.", parser=writable_folder),
    ],
    packages: Annotated[Path, Option(help="Folder of packages.", parser=readable_folder)] = Path(
        "generated"
    ),
    only: Annotated[list[str], Option(help="Packages; repeatable or comma-separated.")] = [],
    force: Annotated[
        bool, Option("--force", help="Replace modules that this command did not write.")
    ] = False,
) -> None:
    """Write one module for each package; it imports the package, which must be installed.

    Exit code 0: written; 2: wrong usage, or a module exists that this command did not write.
    """
    chosen = select_packages(packages, command_line.split(only))
    for path in [write_shim(package, folder, force=force) for package in chosen]:
        typer.echo(path)


if __name__ == "__main__":
    command_line.run(main, EXAMPLES)
