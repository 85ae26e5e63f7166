"""Makes the template's place in a package's answers absolute.

Copier records the source as it was typed: `copier copy ./template DIR` records `./template`, and
a later `copier update` would look for it below the package. What Copier renders from knows where
it came from: a clone names its origin, a plain folder is the place itself. URLs stay as they are.
Run by Copier after rendering; never a reason to give up a package.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from answers import HookError, change_answer, read_answers

ROOT = Path(__file__).resolve().parent.parent
SOURCE = "_src_path"
REMOTE = re.compile(r"[^/\\]*:")
"""`https://...`, `git@host:...`, `gh:...`: a colon before the first separator."""


def record_source(package: Path) -> None:
    """Replace a template folder that was typed as a relative path by its absolute one.

    Raises:
        HookError: the answers file cannot be read or written.
    """
    typed = str(read_answers(package).get(SOURCE, ""))
    if not typed or Path(typed).is_absolute() or REMOTE.match(typed):
        return
    if (place := origin()) is not None:
        change_answer(package, SOURCE, str(place))


def origin() -> Path | None:
    """The local folder that this copy of the template came from; None for one from elsewhere."""
    found = clone_origin()
    place = ROOT if found is None else Path(found)
    return Path(os.path.abspath(place)) if place.is_dir() else None


def clone_origin() -> str | None:
    """Where this clone was made from, which git keeps; None where it is no clone."""
    if not (ROOT / ".git").exists():
        return None
    command = ["git", "-C", str(ROOT), "config", "--get", "remote.origin.url"]
    try:
        local = subprocess.run(
            ["git", "rev-parse", "--local-env-vars"], capture_output=True, text=True
        ).stdout.split()
        variables = {name: value for name, value in os.environ.items() if name not in local}
        found = subprocess.run(
            command, capture_output=True, text=True, errors="surrogateescape", env=variables
        )
    except OSError:
        return None
    return found.stdout.removesuffix("\n") or None


def main(argv: list[str]) -> int:
    """Run on the package that the command line names; what hinders it is said, no more."""
    try:
        record_source(Path(argv[0]))
    except (HookError, OSError) as error:
        print(f"record_source: {error}; the template's place stays as typed", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
