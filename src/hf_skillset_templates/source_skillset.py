"""The skillset of a model type, made from the sources in place, without generating a package.

It runs the code of `task_variants/`, `hardware/` and `runtime/` as a generated package does.
"""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from hf_skillset_runtime.skillset import Skillset

from .registry.store.entries import read_entry
from .registry.store.paths import ROOT, VARIANTS
from .template_hooks import load_hook


def source_skillset(model_type: str, platforms: tuple[str, ...] = ("cpu",)) -> type[Skillset]:
    """The skillset class of a model type, with its tasks that have code."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    hooks, entry = load_hook("package_entry"), read_entry(model_type)
    tasks: dict[str, Any] = {}
    for name in filter(hooks.has_code, entry["tasks"]):
        tasks[name] = {
            **hooks.task_entry(name, entry["tasks"][name], model_type),
            "code": load_task(hooks.task_source(name, model_type)),
            "sample_files": str(VARIANTS / "_samples"),
        }
    registry = {
        "model_type": model_type,
        "tasks": tasks,
        "half_precision": entry.get("half_precision", {}),
        "platforms": {
            name: {**hooks.platform_entry(name, True), "code": f"hardware.{name}.handler"}
            for name in platforms
        },
    }
    facts = {"model_type": model_type, "registry": registry, "package": "hardware"}
    return type(entry["package"], (Skillset,), facts)


def load_task(source: Path) -> str:
    """Load the module of a task from its file; returns the name in `sys.modules`."""
    name = f"hf_skillset_task_{source.parent.name}_{source.stem}".replace("-", "_")
    if name not in sys.modules:
        spec = spec_from_file_location(name, source)
        assert spec is not None and spec.loader is not None
        module = module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return name
