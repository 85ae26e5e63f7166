"""Hand-written corrections: registry/overrides/<model_type>.yml, each with its `why`."""

from __future__ import annotations

from typing import Any

import yaml

from .paths import OVERRIDES

FACT_KEYS = {
    "primary_task",
    "exclude_tasks",
    "default_checkpoint",
    "description",
    "modality",
    "pip",
    "pads",
    "tasks",
    "why",
}
FAILURE_KEYS = {"cause", "remedy"}
TASK_KEYS = {"samples", "processor"}
"""What a model type may say of a task otherwise than the task's variant."""


class OverrideError(ValueError):
    """A correction without a reason, or of a field that is not ours to correct."""


def fact_overrides(model_type: str) -> dict[str, Any]:
    """The `facts:` section of a model type's corrections; empty where there is none."""
    facts = section(model_type, "facts", FACT_KEYS, required={"why"})
    for task, own in facts.get("tasks", {}).items():
        if unknown := set(own) - TASK_KEYS:
            names = ", ".join(sorted(unknown))
            raise OverrideError(f"{model_type}.yml: unknown keys of {task}: {names}")
    return facts


def known_failure(model_type: str) -> dict[str, str]:
    """Why tasks of a model type fail here (`cause`), and what it would take (`remedy`)."""
    return section(model_type, "failure", FAILURE_KEYS, required=FAILURE_KEYS)


def section(model_type: str, name: str, known: set[str], required: set[str]) -> dict[str, Any]:
    """One section of a model type's corrections; empty where there is none.

    Raises:
        OverrideError: a key that the section does not have, or a required one is empty.
    """
    path = OVERRIDES / f"{model_type}.yml"
    if not path.is_file():
        return {}
    found = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get(name)
    if found is None:
        return {}
    if unknown := set(found) - known:
        raise OverrideError(f"{path}: unknown keys under {name}: {', '.join(sorted(unknown))}")
    if missing := [key for key in sorted(required) if not str(found.get(key, "")).strip()]:
        raise OverrideError(f"{path}: {name} has no {missing[0]}")
    return dict(found)
