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
TASK_KEYS = {"samples", "processor"}
"""What a model type may say of a task otherwise than the task's variant."""


class OverrideError(ValueError):
    """A correction without a reason, or of a field that is not ours to correct."""


def fact_overrides(model_type: str) -> dict[str, Any]:
    """The `facts:` section of a model type's corrections; empty where there is none."""
    path = OVERRIDES / f"{model_type}.yml"
    if not path.is_file():
        return {}
    facts = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("facts")
    if facts is None:
        return {}
    unknown = set(facts) - FACT_KEYS
    if unknown:
        raise OverrideError(f"{path}: unknown keys under facts: {', '.join(sorted(unknown))}")
    for task, own in facts.get("tasks", {}).items():
        if unknown := set(own) - TASK_KEYS:
            raise OverrideError(f"{path}: unknown keys of {task}: {', '.join(sorted(unknown))}")
    if not str(facts.get("why", "")).strip():
        raise OverrideError(f"{path}: facts has no why")
    return dict(facts)
