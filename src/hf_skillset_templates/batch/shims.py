"""Files that lead a worker, which loads skillsets by path, to an installed package."""

from __future__ import annotations

from pathlib import Path

from hf_skillset_templates.errors import UsageError

from .packages import read_package

MARK = "# Written by scripts/write_shims.py: leads to the installed package."


def write_shim(package: Path, folder: Path, *, force: bool = False) -> Path:
    """Write the file for a package; it is named after the model type, as the worker asks for it.

    Raises:
        UsageError: a module of another origin is there, or the package cannot be read.
    """
    facts = read_package(package)
    path = folder / f"hf_{facts.model_type}.py"
    if path.exists() and not force and not path.read_text("utf-8").startswith(MARK):
        raise UsageError(f"{path} was not written by this command and stays: --force replaces it")
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(shim(facts.name, f"hf_{facts.model_type}"), "utf-8")
    return path


def shim(package: str, asked: str) -> str:
    """The text of the file; `asked` is the name of the class that the worker looks for."""
    text = f"{MARK}\nfrom {package} import {package}\n"
    return text if asked == package else f"{text}\nglobals()[{asked!r}] = {package}\n"
