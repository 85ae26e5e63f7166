"""What the page shows of a model type beside its measurements."""

from __future__ import annotations

from typing import Any

from hf_skillset_templates.results.from_registry import Entry

from .pool import Pool

FACTS = {
    "package": "package",
    "description": "description",
    "modality": "modality",
    "checkpoint": "default_checkpoint",
    "config": "config_class",
    "part_of": "part_of",
    "processors": "processors",
    "dependencies": "dependencies",
    "transformers": "transformers_version",
}
"""Name in the page's data -> field of the entry."""
SIZES = {
    "embedding": "embedding_dim",
    "length": "sequence_length",
    "parameters": "parameters",
    "memory": "memory",
}
"""Name in the page's data -> field of the entry's default configuration."""


def type_facts(
    entry: Entry, tasks: Pool, pools: dict[str, Pool], failure: dict[str, str]
) -> dict[str, Any]:
    """One model type; its tasks in its own order, the primary one first."""
    facts = {name: entry[field] for name, field in FACTS.items() if entry.get(field)}
    default = entry.get("default_configuration", {})
    facts |= {name: default[field] for name, field in SIZES.items() if default.get(field)}
    facts["name"] = entry["model_type"]
    facts["tasks"] = [
        task_row(tasks.place(name), task, pools["tensors"])
        for name, task in entry.get("tasks", {}).items()
    ]
    if entry.get("tiny") and not entry["tiny"].get("runs"):
        facts["no_tiny"] = entry["tiny"].get("error", "")
    if failure:
        facts["known"] = {key: failure[key] for key in ("cause", "remedy") if key in failure}
    return facts


def task_row(task: int, facts: dict[str, Any], tensors: Pool) -> list[Any]:
    """Task, auto class, model class, inputs, outputs, whose sizes, and what its symbols may be."""
    shapes = facts.get("tensors") or {}
    sides = [
        [tensors.place(tensor_row(name, facts)) for name, facts in shapes.get(side, {}).items()]
        for side in ("input", "output")
    ]
    return [
        task,
        facts["auto_class"],
        facts["model_class"],
        *sides,
        shapes.get("sizes"),
        shapes.get("symbols"),
    ]


def tensor_row(name: str, facts: dict[str, Any]) -> list[Any]:
    """Name, dtype and shape of a tensor."""
    return [name, facts.get("dtype"), facts.get("shape")]
