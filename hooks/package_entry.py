"""What a package's `registry.json` says: measured values, facts of its tasks and platforms."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from function_reference import task_functions

ROOT = Path(__file__).resolve().parent.parent
VARIANTS = ROOT / "task_variants"
HARDWARE = ROOT / "hardware"
SHARED_PLATFORMS = "hf_skillset_platforms"
"""The package of the platforms in the distribution of the runtime."""
SHORT_ENTRY = ("model_type", "default_checkpoint", "dependencies")
SHORT_TASK = (
    "auto_class",
    "code",
    "facts",
    "handler_name",
    "handler_params",
    "output",
    "pads",
    "pipeline",
    "processor",
    "run",
    "sample_params",
    "samples",
    "tolerance",
)
GENERATOR_FIELDS = (
    "auto_classes",
    "excludes",
    "forward",
    "leftover",
    "model_classes",
    "model_facts",
    "modules",
    "only",
    "rank",
    "requires",
    "without",
)
"""What a variant says about choosing model types and about others than the package's own."""


def registry_entry(answers: dict[str, Any], platforms: list[str]) -> dict[str, Any]:
    """What the package's `registry.json` says: what was measured, the tasks' and platforms' facts.

    The profile `template` gets what the code needs, `improved` all that is known.
    """
    model_type = answers["model_type"]
    path = ROOT / "registry" / "models" / f"{model_type}.json"
    entry: dict[str, Any] = json.loads(path.read_text("utf-8"))
    tasks = {
        name: task_entry(name, entry["tasks"][name], model_type)
        for name in ordered_tasks(answers)
        if has_code(name)
    }
    entry["primary_task"] = next(iter(tasks), entry["primary_task"])
    if answers["profile"] == "template":
        entry = {key: entry[key] for key in SHORT_ENTRY}
        tasks = {
            name: {key: task[key] for key in SHORT_TASK if key in task}
            for name, task in tasks.items()
        }
    return {
        **entry,
        "default_checkpoint": answers["checkpoint"] or None,
        "tasks": tasks,
        "platforms": {name: platform_entry(name, is_vendored(answers)) for name in platforms},
    }


def ordered_tasks(answers: dict[str, Any]) -> list[str]:
    """The package's tasks with the primary one first, as it was asked for."""
    tasks: list[str] = answers["tasks"]
    primary = answers.get("primary_task")
    return [*([primary] if primary in tasks else []), *(t for t in tasks if t != primary)]


def is_vendored(answers: dict[str, Any]) -> bool:
    """Whether a package carries the runtime; those from before the question do."""
    return answers.get("runtime", "vendored") == "vendored"


def platform_entry(name: str, vendored: bool) -> dict[str, Any]:
    """What a platform's `platform.yml` says, and which module has its code."""
    code = f".platforms.{name}.handler" if vendored else f"{SHARED_PLATFORMS}.{name}.handler"
    return {**read_yaml(HARDWARE / name / "platform.yml"), "code": code}


def task_entry(name: str, measured: dict[str, Any], model_type: str) -> dict[str, Any]:
    """One task: its variant without what only the generator needs, what was measured, its code.

    Of the variant's facts about model types it has those of `model_type` alone.
    """
    variant = read_yaml(VARIANTS / name / "variant.yml")
    stated = {key: value for key, value in variant.items() if key not in GENERATOR_FIELDS}
    facts = variant.get("model_facts", {}).get(model_type)
    auto_class = measured["auto_class"] or measured["model_class"]
    return {
        **stated,
        **({"facts": facts} if facts else {}),
        **measured,
        "auto_class": auto_class,
        "code": f".tasks.{slug(name)}",
        "run": resolved_run(variant["run"], measured["model_class"], auto_class),
        "helper_functions": task_functions(task_source(name, model_type)),
    }


def has_code(task: str) -> bool:
    """Whether a task has code yet."""
    return (VARIANTS / task / "task.py").is_file()


def task_source(task: str, model_type: str) -> Path:
    """The module of a task for a model type: `task.py`, or the one that `modules` names for it."""
    modules = read_yaml(VARIANTS / task / "variant.yml").get("modules", {})
    names = [name for name, model_types in modules.items() if model_type in model_types]
    return VARIANTS / task / f"{names[0] if names else 'task'}.py"


def slug(task: str) -> str:
    """A task's name as a module's."""
    return task.replace("-", "_")


@cache
def read_yaml(path: Path) -> dict[str, Any]:
    """A file of facts; a batch reads the same ones many times."""
    facts: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return facts


def resolved_run(run: str | dict[str, str], model_class: str, auto_class: str) -> str:
    """How the model is called, where it depends on the class for that class."""
    if isinstance(run, str):
        return run
    return run[model_class] if model_class in run else run[auto_class]
