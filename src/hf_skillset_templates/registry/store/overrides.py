"""Hand-written facts about one model type: registry/overrides/<model_type>.yml.

Every reader of these files goes through this module. Each section states its `why`:

| section | what it says | who reads it |
| --- | --- | --- |
| `facts` | corrections of what transformers' sources say | the stage `facts` |
| `config` | defaults and tiny values that the search does not find | `tiny.config` |
| `inputs` | dummy inputs of a forward pass that names do not tell | `tiny.config.shrink` |
| `processor` | what no auto class knows about tokenizers and processors | `tiny.processor` |
| `failure` | `cause` and `remedy` of what does not run | COVERAGE.md |
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from hf_skillset_templates.errors import UsageError

from .paths import OVERRIDES


@dataclass(frozen=True)
class Section:
    """The keys that a section may have, and those that it must fill."""

    keys: frozenset[str]
    required: frozenset[str] = frozenset({"why"})


def _keys(names: str) -> frozenset[str]:
    return frozenset(names.split())


SECTIONS = {
    "facts": Section(
        _keys(
            "primary_task add_tasks exclude_tasks default_checkpoint description modality pip pads"
            " tasks why"
        )
    ),
    "config": Section(_keys("default set layers why")),
    "inputs": Section(_keys("forward why")),
    "processor": Section(
        _keys(
            "tokenizer image_processor feature_extractor video_processor processor options config"
            " extra_tokens named_tokens marks tokens ids text_nodes tekken chat_template"
            " generation speakers why"
        )
    ),
    "failure": Section(_keys("cause remedy"), _keys("cause remedy")),
}
TASK_KEYS = {
    "adapter",
    "effects",
    "facts",
    "generation_defaults",
    "inputs",
    "model_class",
    "module",
    "oracle",
    "processor",
    "samples",
}
"""What a model type may say of a task: in place of the variant's samples, processor, inputs,
effects of parameters or defaults of generation; the class that does it although no auto class says
so, what the task's code must know, the module of its folder that is its code, the class of the
runtime that its processor is called through, and `oracle: null` where transformers' pipeline gives
something else."""


class OverrideError(UsageError, ValueError):
    """An unreadable file, or a correction without a reason or of an unknown field."""


def fact_overrides(model_type: str) -> dict[str, Any]:
    """The `facts` section of a model type; empty where there is none.

    Raises:
        OverrideError: see `section`; or a task has an unknown key.
    """
    facts = section(model_type, "facts")
    tasks = facts.get("tasks", {})
    if not isinstance(tasks, dict) or not all(isinstance(own, dict) for own in tasks.values()):
        raise OverrideError(f"{model_type}.yml: tasks is not a mapping of tasks to mappings")
    for task, own in tasks.items():
        if unknown := set(own) - TASK_KEYS:
            names = ", ".join(sorted(unknown))
            raise OverrideError(f"{model_type}.yml: unknown keys of {task}: {names}")
    return facts


def task_overrides(model_type: str, task: str) -> dict[str, Any]:
    """The overrides of a model type for one task, by `TASK_KEYS`; empty if there are none."""
    own: dict[str, Any] = fact_overrides(model_type).get("tasks", {}).get(task, {})
    return own


def section(model_type: str, name: str) -> dict[str, Any]:
    """One section of a model type's overrides; empty where there is none.

    Raises:
        OverrideError: the file has a section, or the section a key, that nobody reads; or a
            required key is missing or empty.
    """
    stated = _stated(model_type).get(name)
    if stated is None:
        return {}
    known, path = SECTIONS[name], OVERRIDES / f"{model_type}.yml"
    if not isinstance(stated, dict):
        raise OverrideError(f"{path}: {name} is not a mapping")
    if unknown := set(map(str, stated)) - known.keys:
        raise OverrideError(f"{path}: unknown keys under {name}: {', '.join(sorted(unknown))}")
    if missing := [key for key in sorted(known.required) if not str(stated.get(key, "")).strip()]:
        raise OverrideError(f"{path}: {name} has no {missing[0]}")
    return dict(stated)


@cache
def _stated(model_type: str) -> dict[str, Any]:
    """The whole file of a model type, its sections checked by name."""
    path = OVERRIDES / f"{model_type}.yml"
    if not path.is_file():
        return {}
    try:
        stated: dict[str, Any] = yaml.safe_load(path.read_bytes().decode("utf-8")) or {}
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise OverrideError(f"{path} cannot be read: {first}") from error
    if not isinstance(stated, dict):
        raise OverrideError(f"{path}: it is not a mapping of sections")
    if unknown := set(map(str, stated)) - set(SECTIONS):
        raise OverrideError(f"{path}: unknown sections: {', '.join(sorted(unknown))}")
    return stated
