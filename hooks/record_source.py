"""Makes the path of the template in a package's answers absolute.

Copier records the path as given: `copier copy ./template DIR` records `./template`, which a later
`copier update` would resolve relative to the package. URLs are not changed. For a template with
uncommitted changes, Copier records a temporary commit of its clone, from which no update could
start; it is replaced by the commit that the changes are based on. Run by Copier after rendering;
an error here does not fail the rendering.
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
"""The message of Copier's temporary commit of uncommitted changes."""
REMOTE = re.compile(r"[^/\\]*:")
"""`https://...`, `git@host:...`, `gh:...`: a colon before the first separator."""


def record_source(package: Path) -> None:
    """Replace a relative path of the template by its absolute path.

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
    """Replace Copier's temporary commit by the version that the changes are based on."""
    place = origin()
    if not recorded or place is None or git("log", "-1", "--format=%s") != DRAFT:
        return
    if known := git("describe", "--tags", "--always", "HEAD^"):
        version = known.decode().strip()
        change_answer(package, VERSION, version)
        say(f"the template has uncommitted changes; the package records its version {version}")


def origin() -> Path | None:
    """The local folder that this copy of the template was cloned from; None if it was a URL."""
    url = clone_origin()
    place = ROOT if url is None else Path(url)
    return Path(os.path.abspath(place)) if place.is_dir() else None


def main(argv: list[str]) -> int:
    """Run on the package of the command line; errors are printed, the exit code is always 0."""
    try:
        record_source(Path(argv[0]))
    except (HookError, OSError) as error:
        print(f"record_source: {error}; the template's path is not changed", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
