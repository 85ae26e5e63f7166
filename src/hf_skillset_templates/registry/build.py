"""Builds the registry's entries in stages; a model type that hangs or crashes fails alone.

| stage | adds |
| --- | --- |
| facts | facts of transformers' sources: tasks, processors, dependencies, checkpoint |
| tiny | `registry/tiny/<model_type>/` and the strategy that built it |
| sizes | parameters, memory, width and longest input of the default configuration |
| shapes | the tensors of every task |
| precision | whether the first task runs in bfloat16 and float16 |
| padding | tasks whose inputs run one at a time, and tasks that draw random numbers |
| dependencies | whether the stated dependencies suffice |
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from hf_skillset_templates import isolation
from hf_skillset_templates.model_imports import MODEL_IMPORTS

from .stages import dependencies, facts, padding, precision, sizes, tiny
from .stages.running import Outcome, Workers
from .stages.shapes import stage as shapes
from .store.entries import read_entry

OWN_IMPORTS = tuple(
    f"hf_skillset_templates.{name}"
    for name in ("tiny.config.shrink", "tiny.processor.build", "registry.stages.shapes.measure")
)

Entry = dict[str, Any]


@dataclass(frozen=True)
class Stage:
    """How a stage adds its data to entries, and whether an entry lacks them."""

    is_missing: Callable[[Entry], bool]
    run: Callable[[list[str], Workers], Iterator[Outcome]]


def build(stage: str, model_types: list[str], workers: Workers) -> Iterator[Outcome]:
    """Run a stage for the model types; yields each outcome."""
    isolation.preload(*MODEL_IMPORTS, *OWN_IMPORTS)
    if model_types:
        yield from STAGES[stage].run(model_types, workers)


def missing(stage: str, model_types: list[str]) -> list[str]:
    """The model types whose entry lacks the data of the stage."""
    return [name for name in model_types if STAGES[stage].is_missing(read_entry(name))]


STAGES = {
    "facts": Stage(lambda entry: not entry, facts.run),
    "tiny": Stage(lambda entry: "search" not in entry.get("tiny", {}), tiny.run),
    "sizes": Stage(lambda entry: sizes.KEY not in entry, sizes.run),
    "shapes": Stage(
        lambda entry: "shapes" not in entry and "search" in entry.get("tiny", {}), shapes.run
    ),
    "precision": Stage(
        lambda entry: "half_precision" not in entry and "search" in entry.get("tiny", {}),
        precision.run,
    ),
    "padding": Stage(lambda entry: "search" in entry.get("tiny", {}), padding.run),
    "dependencies": Stage(lambda entry: "dependencies_confirmed" not in entry, dependencies.run),
}
