"""Makes the template's place in a package's answers absolute.

Copier records the source as it was typed: `copier copy ./template DIR` records `./template`, and
a later `copier update` would look for it below the package. What Copier renders from knows where
it came from: a clone names its origin, a plain folder is the place itself. URLs stay as they are.
Of a template with changes that are in no commit Copier renders, and records, a commit that the
clone alone has: no update could start from it, so that the commit it is based on takes its place.
Run by Copier after rendering; an error here does not fail the rendering.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from answers import HookError, change_answer, read_answers
from template_git import ROOT, clone_origin, git
from writing import say

SOURCE, VERSION = "_src_path", "_commit"
DRAFT = b"Copier automated commit for draft changes\n"
"""The message of the commit that Copier makes of them."""
REMOTE = re.compile(r"[^/\\]*:")
"""`https://...`, `git@host:...`, `gh:...`: a colon before the first separator."""


def record_source(package: Path) -> None:
    """Replace a template folder that was typed as a relative path by its absolute one.

    Raises:
        HookError: the answers file cannot be read or written.
    """
    answers = read_answers(package)
    record_version(package, str(answers.get(VERSION, "")))
    typed = str(answers.get(SOURCE, ""))
    if not typed or Path(typed).is_absolute() or REMOTE.match(typed):
        return
    if (place := origin()) is not None:
        change_answer(package, SOURCE, str(place))


def record_version(package: Path, recorded: str) -> None:
    """Replace a version that only the clone has by the one that its changes are based on."""
    place = origin()
    if not recorded or place is None or git("log", "-1", "--format=%s") != DRAFT:
        return
    if known := git("describe", "--tags", "--always", "HEAD^"):
        version = known.decode().strip()
        change_answer(package, VERSION, version)
        say(f"the template has changes that are in no commit; the package records {version}")


def origin() -> Path | None:
    """The local folder that this copy of the template came from; None for one from elsewhere."""
    url = clone_origin()
    place = ROOT if url is None else Path(url)
    return Path(os.path.abspath(place)) if place.is_dir() else None


def main(argv: list[str]) -> int:
    """Run on the package of the command line; problems are printed, and the exit code stays 0."""
    try:
        record_source(Path(argv[0]))
    except (HookError, OSError) as error:
        print(f"record_source: {error}; the template's place stays as typed", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
