"""Makes the template's place in a package's answers absolute.

Copier records the source as it was typed, so `copier copy . DIR` records `.`, and a later
`copier update` would look for the template in the package itself. The clone that Copier
renders from knows where it came from. Run by Copier after rendering; needs git, as does
every update.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = re.compile(r"^_src_path: (.+)$", flags=re.MULTILINE)


def record_source(package: Path) -> None:
    """Replace a relative template folder by the absolute origin of the running clone."""
    answers_file = package / ".copier-answers.yml"
    text = answers_file.read_text("utf-8")
    found = SOURCE.search(text)
    if found and found[1].strip("'\"").startswith("."):
        place = f"_src_path: {clone_origin()}"
        answers_file.write_text(SOURCE.sub(lambda _: place, text), "utf-8")


def clone_origin() -> str:
    """Where this clone of the template was made from; git keeps it as an absolute path."""
    command = ["git", "-C", str(ROOT), "remote", "get-url", "origin"]
    origin = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    return os.path.normpath(origin)


if __name__ == "__main__":
    record_source(Path(sys.argv[1]))
