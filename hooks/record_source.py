"""Makes the template's place in a package's answers absolute.

Copier records the source as it was typed, so `copier copy . DIR` records `.`, and a later
`copier update` looks for the template in the package itself. Run by Copier after rendering,
from the package, with the environment of the shell that called Copier.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

SOURCE = re.compile(r"^_src_path: (.+)$", flags=re.MULTILINE)


def record_source(package: Path, started_in: Path) -> None:
    """Resolve a relative template folder against the folder that Copier was started in."""
    answers_file = package / ".copier-answers.yml"
    text = answers_file.read_text("utf-8")
    if not (found := SOURCE.search(text)):
        return
    folder = started_in / found[1].strip("'\"")
    if (folder / "copier.yml").is_file():
        place = f"_src_path: {folder.resolve()}"
        answers_file.write_text(SOURCE.sub(lambda _: place, text), "utf-8")


if __name__ == "__main__":
    record_source(Path(sys.argv[1]), Path(os.environ.get("PWD", "")))
