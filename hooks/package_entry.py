"""The content of a package's `registry.json`: measured values, facts of tasks and platforms."""

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
MODELS = ROOT / "registry" / "models"
SHARED_PLATFORMS = "hf_skillset_platforms"
"""The package of the platforms in the distribution of the runtime."""
SHORT_ENTRY = ("model_type", "default_checkpoint", "dependencies", "half_precision")
SHORT_TASK = (
    "adapter",
    "arguments",
    "auto_class",
    "checkpoint_facts",
    "code",
    "draws",
    "effects",
    "facts",
    "generation_defaults",
    "handler_name",
    "handler_params",
    "inputs",
    "oracle",
    "output",
    "pads",
    "pipeline",
    "processor",
    "run",
    "sample_params",
    "samples",
    "tolerance",
    "variations",
)
KEYS = {"images": "image", "videos": "video", "audio": "audio"}
"""Key of a sample -> its modality."""
GENERATOR_FIELDS = (
    "auto_classes",
    "excludes",
    "fact_names",
    "follows",
    "forward",
    "leftover",
    "modules",
    "opt_in",
    "rank",
    "requires",
)
"""Fields of `variant.yml` that select model types; a package does not contain them."""


def registry_entry(answers: dict[str, Any], platforms: list[str]) -> dict[str, Any]:
    """The content of `registry.json`: measured values, facts of the tasks and platforms.

    The profile `template` contains only what the code needs, `improved` all facts.
    """
    model_type = answers["model_type"]
    entry = dict(read_json(MODELS / f"{model_type}.json"))
    tasks = {
        name: task_entry(name, entry["tasks"][name], model_type)
        for name in ordered_tasks(answers)
        if has_code(name)
    }
    entry["primary_task"] = next(iter(tasks), entry["primary_task"])
    if answers["profile"] == "template":
        known = known_failures(entry)
        entry = {key: entry[key] for key in SHORT_ENTRY if key in entry}
        entry |= {"hardware_compatibility": known} if known else {}
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


def known_failures(entry: dict[str, Any]) -> dict[str, Any]:
    """Platform -> its failed and unproven tasks, which the package's tests expect to fail."""
    measured = entry.get("hardware_compatibility", {})
    known = {
        platform: {name: facts[name] for name in ("failed", "unproven") if facts.get(name)}
        for platform, facts in measured.items()
    }
    return {platform: facts for platform, facts in known.items() if facts}


def registry_text(entry: dict[str, Any]) -> str:
    """A package's `registry.json` as text, one value per line: updates merge it by lines."""
    return json.dumps(entry, indent=2, ensure_ascii=False) + "\n"


def ordered_tasks(answers: dict[str, Any]) -> list[str]:
    """The package's tasks, with the requested primary task first."""
    tasks: list[str] = answers["tasks"]
    primary = answers.get("primary_task")
    return [*([primary] if primary in tasks else []), *(t for t in tasks if t != primary)]


def is_vendored(answers: dict[str, Any]) -> bool:
    """Whether the runtime is vendored; packages without this answer vendor it."""
    return bool(answers.get("runtime", "vendored") == "vendored")


def platform_entry(name: str, vendored: bool) -> dict[str, Any]:
    """The facts of a platform's `platform.yml`, and the module with its code."""
    code = f".platforms.{name}.handler" if vendored else f"{SHARED_PLATFORMS}.{name}.handler"
    facts = read_yaml(HARDWARE / name / "platform.yml")
    facts.pop("hosted_runners", None)  # only for the workflow
    return {**facts, "code": code}


def task_entry(name: str, measured: dict[str, Any], model_type: str) -> dict[str, Any]:
    """One task: its variant without fields for the generator, its measured facts, its code."""
    variant = read_yaml(VARIANTS / name / "variant.yml")
    stated = {key: value for key, value in variant.items() if key not in GENERATOR_FIELDS}
    auto_class = measured["auto_class"] or measured["model_class"]
    return {
        **stated,
        "samples": fitting_samples(variant["samples"], measured.get("inputs", variant["inputs"])),
        **{key: value for key, value in measured.items() if key != "module"},
        "auto_class": auto_class,
        "code": f".tasks.{slug(name)}",
        "run": resolved_run(variant["run"], measured["model_class"], auto_class),
        "helper_functions": task_functions(task_source(name, model_type)),
    }


def has_code(task: str) -> bool:
    """Whether a task has a module."""
    return (VARIANTS / task / "task.py").is_file()


def task_source(task: str, model_type: str) -> Path:
    """The module of a task for a model type.

    The `module` of the registry entry, else that of `modules` in `variant.yml` for the auto class,
    else `task.py`.
    """
    modules = read_yaml(VARIANTS / task / "variant.yml").get("modules", {})
    entry = read_json(MODELS / f"{model_type}.json")["tasks"][task]
    of_class = [name for name, listed in modules.items() if entry["auto_class"] in listed]
    return VARIANTS / task / f"{entry.get('module') or (of_class or ['task'])[0]}.py"


def fitting_samples(samples: list[Any], kinds: list[str]) -> list[Any]:
    """The samples that contain only modalities (`kinds`) of the model."""
    return [
        sample
        for sample in samples
        if not isinstance(sample, dict)
        or {KEYS[key] for key in sample if key in KEYS} <= set(kinds)
    ]


def slug(task: str) -> str:
    """The module name of a task."""
    return task.replace("-", "_")


@cache
def read_yaml(path: Path) -> dict[str, Any]:
    """The content of a YAML file; cached, because a batch reads each many times."""
    facts: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return facts


@cache
def read_json(path: Path) -> dict[str, Any]:
    """A registry entry; cached, so it must not be modified."""
    entry: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return entry


def resolved_run(run: str | dict[str, str], model_class: str, auto_class: str) -> str:
    """The model's method to call; `run` may be a mapping of model classes to methods."""
    if isinstance(run, str):
        return run
    return run[model_class] if model_class in run else run[auto_class]
