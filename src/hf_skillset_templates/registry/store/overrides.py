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
            "primary_task exclude_tasks default_checkpoint description modality pip pads tasks why"
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
TASK_KEYS = {"samples", "processor", "inputs", "model_class", "facts", "module", "adapter"}
"""What a model type may say of a task: in place of the variant's samples, processor or inputs, the
class that does it although no auto class says so, what the task's code must know, the module of its
folder that is its code, and the class of the runtime that its processor is called through."""


class OverrideError(ValueError):
    """A correction without a reason, or of a field that is not ours to correct."""


def fact_overrides(model_type: str) -> dict[str, Any]:
    """The `facts` section of a model type; empty where there is none.

    Raises:
        OverrideError: see `section`; or a task has an unknown key.
    """
    facts = section(model_type, "facts")
    for task, own in facts.get("tasks", {}).items():
        if unknown := set(own) - TASK_KEYS:
            names = ", ".join(sorted(unknown))
            raise OverrideError(f"{model_type}.yml: unknown keys of {task}: {names}")
    return facts


def task_overrides(model_type: str, task: str) -> dict[str, Any]:
    """What a model type says of one task, by `TASK_KEYS`; empty where it says nothing."""
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
    if unknown := set(stated) - known.keys:
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
    stated: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    if unknown := set(stated) - set(SECTIONS):
        raise OverrideError(f"{path}: unknown sections: {', '.join(sorted(unknown))}")
    return stated
