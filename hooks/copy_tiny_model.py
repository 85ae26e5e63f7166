"""Copies the tiny model's data (configuration and processor files, no weights) into a package.

Run by Copier after rendering. A model type whose tiny model does not exist yet gets none,
and its tests say so. Needs nothing beyond Copier's own dependencies.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import yaml

TINY_MODELS = Path(__file__).resolve().parent.parent / "registry" / "tiny"


def copy_tiny_model(package: Path) -> None:
    """Make `tests/tiny/` what the registry has for the package's model type."""
    answers = yaml.safe_load((package / ".copier-answers.yml").read_text("utf-8"))
    source = TINY_MODELS / answers["model_type"]
    target = package / "tests" / "tiny"
    shutil.rmtree(target, ignore_errors=True)
    if source.is_dir():
        shutil.copytree(source, target, copy_function=shutil.copyfile)


if __name__ == "__main__":
    copy_tiny_model(Path(sys.argv[1]))
