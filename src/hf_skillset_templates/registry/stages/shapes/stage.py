"""Writes the measured shapes of a model type's tasks into its entry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hf_skillset_templates.registry.stages.bench import on_tiny_models
from hf_skillset_templates.registry.stages.running import Outcome, Workers
from hf_skillset_templates.registry.store.entries import read_entry, write_entry
from hf_skillset_templates.registry.store.errors import as_recorded
from hf_skillset_templates.registry.store.variants import load_variants

from .measure import FUNCTION


def record(model_type: str, results: dict[str, Any]) -> bool:
    """Write the proven shapes of a model type's tasks; False if nothing changed."""
    entry, variants = read_entry(model_type), load_variants()
    for task, facts in entry["tasks"].items():
        facts.pop("tensors", None)
        if not why(results.get(task)):
            facts["tensors"] = results[task]["tensors"]
    entry["shapes"] = {
        "proven": sum("tensors" in facts for facts in entry["tasks"].values()),
        "failed": {task: reason for task in entry["tasks"] if (reason := why(results.get(task)))},
    }
    variant = variants[entry["primary_task"]]
    measured = entry["tasks"][entry["primary_task"]].get("tensors")
    for side in ("input", "output"):
        entry.pop(side, None)
        if measured:
            entry[side] = {
                "format": format_of(variant, side),
                "sizes": measured["sizes"],
                "tensors": measured[side],
            }
    return write_entry(entry)


def why(result: dict[str, Any] | None) -> str:
    """Why a task's shapes are not proven; empty if they are."""
    if result is None:
        return "the package has no code for the task"
    return as_recorded(result["error"] if "error" in result else "; ".join(result["wrong"][:2]))


def format_of(variant: Any, side: str) -> str:
    """The modality of the input (`multimodal` for several) or the format of the output."""
    if side == "output":
        return str(variant.output["format"])
    kinds = [kind for kind in variant.inputs if kind != "chat"]
    return kinds[0] if len(kinds) == 1 else "multimodal"


def run(model_types: list[str], workers: Workers) -> Iterator[Outcome]:
    """Run the stage; model types without a tiny model have no shapes."""

    def keep(model_type: str, results: dict[str, Any]) -> tuple[bool, str]:
        if "stage" in results:
            results = dict.fromkeys(read_entry(model_type)["tasks"], results)
        changed = record(model_type, results)
        failed = read_entry(model_type)["shapes"]["failed"]
        return changed, "; ".join(f"{task}: {reason}" for task, reason in failed.items())

    yield from on_tiny_models("shapes", FUNCTION, keep, model_types, workers)
