"""Modules that import an installed package, for workers that load skillsets by path."""

from __future__ import annotations

from pathlib import Path

from hf_skillset_templates.errors import UsageError

from .packages import read_package

MARK = "# Written by scripts/write_shims.py: leads to the installed package."


def write_shim(package: Path, folder: Path, *, force: bool = False) -> Path:
    """Write the module for a package, named by its model type, as the worker requests it.

    Raises:
        UsageError: a module exists that this function did not write, or the package is invalid.
    """
    facts = read_package(package)
    path = folder / f"hf_{facts.model_type}.py"
    if path.exists() and not force and not path.read_text("utf-8").startswith(MARK):
        raise UsageError(f"{path} was not written by this command: use --force to replace it")
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(shim(facts.name, f"hf_{facts.model_type}"), "utf-8")
    return path


def shim(package: str, requested: str) -> str:
    """The text of the module; `requested` is the class name that the worker looks up."""
    text = f"{MARK}\nfrom {package} import {package}\n"
    return text if requested == package else f"{text}\nglobals()[{requested!r}] = {package}\n"
