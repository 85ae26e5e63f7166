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
    "embedding": "embedding_dim",
    "length": "sequence_length",
    "parameters": "parameters",
    "memory": "memory",
    "dependencies": "dependencies",
    "transformers": "transformers_version",
}
"""Name in the page's data -> field of the entry."""


def type_facts(
    entry: Entry, tasks: Pool, pools: dict[str, Pool], failure: dict[str, str]
) -> dict[str, Any]:
    """One model type; its tasks in its own order, the primary one first."""
    found = {name: entry[field] for name, field in FACTS.items() if entry.get(field)}
    found["name"] = entry["model_type"]
    found["tasks"] = [
        task_row(tasks.place(name), task, pools["tensors"])
        for name, task in entry.get("tasks", {}).items()
    ]
    if entry.get("tiny") and not entry["tiny"].get("runs"):
        found["no_tiny"] = entry["tiny"].get("error", "")
    if failure:
        found["known"] = {key: failure[key] for key in ("cause", "remedy") if key in failure}
    return found


def task_row(task: int, facts: dict[str, Any], tensors: Pool) -> list[Any]:
    """Task, auto class, model class, inputs, outputs, and which configuration has the sizes."""
    shapes = facts.get("tensors") or {}
    sides = [
        [tensors.place(tensor_row(name, facts)) for name, facts in shapes.get(side, {}).items()]
        for side in ("input", "output")
    ]
    return [task, facts["auto_class"], facts["model_class"], *sides, shapes.get("sizes")]


def tensor_row(name: str, facts: dict[str, Any]) -> list[Any]:
    """Name, dtype and shape of a tensor."""
    return [name, facts.get("dtype"), facts.get("shape")]
