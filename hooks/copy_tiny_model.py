"""Copies the tiny model's data (configuration and processor files, no weights) into a package.

Run by Copier after rendering. A model type whose tiny model does not exist yet gets none,
and its tests say so. Needs nothing beyond Copier's own dependencies.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from answers import read_answers
from running import run_hook
from writing import Writer, say

TINY_MODELS = Path(__file__).resolve().parent.parent / "registry" / "tiny"


def copy_tiny_model(package: Path) -> None:
    """Put what the registry has for the package's model type into `tests/tiny/`.

    What else lies there may be a person's: it stays and is named.
    """
    source = TINY_MODELS / str(read_answers(package)["model_type"])
    target = package / "tests" / "tiny"
    if not source.is_dir():
        shutil.rmtree(target, ignore_errors=True)
        return
    writer = Writer(package, keep=False)
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        writer.copy(path, target / path.relative_to(source))
    others = {path for path in target.rglob("*") if path.is_file()} - set(writer.written)
    if others:
        names = ", ".join(sorted(map(writer.relative, others)))
        say(f"no part of the tiny model, and left as they are: {names}")


if __name__ == "__main__":
    sys.exit(run_hook("copy_tiny_model", lambda: copy_tiny_model(Path(sys.argv[1]))))
