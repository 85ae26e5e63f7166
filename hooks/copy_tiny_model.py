"""Copies the tiny model's data (configuration and processor files, no weights) into a package.

Run by Copier after rendering. Without a tiny model of the model type nothing is copied, and the
package's tests are skipped. Requires only Copier's own dependencies.
"""

from __future__ import annotations

import sys
from pathlib import Path

from answers import read_answers
from running import run_hook
from writing import Writer, say

TINY_MODELS = Path(__file__).resolve().parent.parent / "registry" / "tiny"


def copy_tiny_model(package: Path) -> None:
    """Copy the registry's tiny model of the package's model type to `tests/tiny/`.

    Other files there may belong to the user: they are kept and listed.
    """
    source = TINY_MODELS / str(read_answers(package)["model_type"])
    target = package / "tests" / "tiny"
    writer = Writer(package, keep=False)
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        writer.copy(path, target / path.relative_to(source))
    others = {path for path in target.rglob("*") if path.is_file()} - set(writer.written)
    if others:
        names = ", ".join(sorted(map(writer.relative, others)))
        say(f"kept, although not part of the tiny model: {names}")


def main(argv: list[str]) -> int:
    """Run on the package that the command line names."""
    return run_hook("copy_tiny_model", lambda: copy_tiny_model(Path(argv[0])))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
