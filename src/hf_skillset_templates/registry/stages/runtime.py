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

from hf_skillset_templates.registry.store.entries import read_entry
from hf_skillset_templates.registry.store.paths import ROOT, TINY, VARIANTS
from hf_skillset_templates.registry.store.variants import read_variant

NAME = "skillset_runtime"
_TEMPLATE = ROOT / "template" / "package" / "src" / "{{package_name}}"
_TESTS = ROOT / "template" / "package" / "tests"


@cache
def _hooks() -> Any:
    sys.path.insert(0, str(ROOT / "hooks"))
    return importlib.import_module("insert_handlers")


def assemble(folder: Path) -> None:
    """Put the package into a folder: the template's modules, all tasks and the CPU platform."""
    source = folder / NAME
    shutil.copytree(_TEMPLATE, source, ignore=shutil.ignore_patterns("*.jinja"))
    shutil.copytree(VARIANTS / "_samples", source / "samples")
    (source / "__init__.py").write_text("")
    for module in sorted(VARIANTS.glob("*/task.py")):
        _hooks().insert_task(module.parent.name, source, folder / "tests")
    _hooks().insert_platform("cpu", source / "platforms")
    shutil.copy(_TESTS / "tiny_checkpoint.py", folder / "tests")


def module(folder: Path, name: str) -> Any:
    """A module of the assembled package."""
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    return importlib.import_module(f"{NAME}.{name}")


def tiny_checkpoint(folder: Path, model_type: str) -> Any:
    """The module that builds checkpoints, for a model type of the registry."""
    if str(folder / "tests") not in sys.path:
        sys.path.insert(0, str(folder / "tests"))
    builder: Any = importlib.import_module("tiny_checkpoint")
    builder.TINY = TINY / model_type
    return builder


def skillset(folder: Path, model_type: str) -> Any:
    """A skillset of the model type with those of its tasks that have code."""
    entry = read_entry(model_type)
    tasks = {}
    for name, facts in entry["tasks"].items():
        if (VARIANTS / name / "task.py").is_file():
            known = {key: value for key, value in facts.items() if key != "tensors"}
            tasks[name] = _hooks().task_entry(
                read_variant(VARIANTS / name), known, name, model_type
            )
    registry = {"model_type": model_type, "tasks": tasks}
    base = module(folder, "base").Skillset
    return type(entry["package"], (base,), {"model_type": model_type, "registry": registry})()
