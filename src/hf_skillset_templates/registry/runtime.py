"""The template's task code as one package with every task: what a generated package runs.

Assembled once for many model types, so that measuring them needs no package for each.
"""

from __future__ import annotations

import importlib
import shutil
import sys
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from .entries import read_entry
from .paths import ROOT, VARIANTS

NAME = "skillset_runtime"
_TEMPLATE = ROOT / "template" / "package" / "src" / "{{package_name}}"


@cache
def _hooks() -> Any:
    sys.path.insert(0, str(ROOT / "hooks"))
    return importlib.import_module("insert_handlers")


def assemble(folder: Path) -> None:
    """Put the package into a folder: the template's modules, all tasks and the CPU platform."""
    source = folder / NAME
    shutil.copytree(_TEMPLATE, source, ignore=shutil.ignore_patterns("*.jinja"))
    (source / "__init__.py").write_text("")
    for module in sorted(VARIANTS.glob("*/task.py")):
        _hooks().insert_task(module.parent.name, source, folder / "tests")
    _hooks().insert_platform("cpu", source / "platforms")


def module(folder: Path, name: str) -> Any:
    """A module of the assembled package."""
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    return importlib.import_module(f"{NAME}.{name}")


def specs(folder: Path, model_type: str) -> dict[str, Any]:
    """The tasks of a model type that have code, as its package would state them."""
    tasks = read_entry(model_type)["tasks"]
    make = module(folder, "tasks").TaskSpec.from_registry
    found = {}
    for name, facts in tasks.items():
        if (VARIANTS / name / "task.py").is_file():
            text = (VARIANTS / name / "variant.yml").read_text(encoding="utf-8")
            known = {key: value for key, value in facts.items() if key != "tensors"}
            found[name] = make(name, _hooks().task_entry(yaml.safe_load(text), known, name))
    return found
