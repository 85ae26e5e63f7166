"""Which tasks each model type does: the variants' conditions applied to the auto mappings."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass

from hf_skillset_templates.registry.store.overrides import fact_overrides
from hf_skillset_templates.registry.store.variants import Variant

from .processors import has_part
from .source_files import forward_parameters
from .universe import Universe

AUTO_MODEL = "AutoModel"
BY_NAME = ("MODEL_", "AutoBackbone")
"""Mappings without an auto class; AutoBackbone asks the hub first and so opens no folder."""


class PipelineMapError(ValueError):
    """A model type without a task, or a correction that names what does not exist."""


@dataclass(frozen=True)
class Head:
    """How a model type does a task.

    `auto_class` is the class of transformers whose `from_pretrained` loads it: where no auto class
    names the model class, the model class itself.
    """

    auto_class: str
    model_class: str


def _named_head(variant: Variant, model_type: str, universe: Universe) -> Head | None:
    """The first head that the variant's auto classes name."""
    for auto_class in variant.auto_classes:
        classes = universe.classes(auto_class, model_type)
        if classes:
            return Head(classes[0] if auto_class.startswith(BY_NAME) else auto_class, classes[0])
    return None


def _chosen_head(model_class: str, model_type: str, universe: Universe) -> Head:
    """The head of a class that a variant names: by AutoModel where it loads that very class."""
    by_auto_model = universe.classes(AUTO_MODEL, model_type)[:1] == (model_class,)
    return Head(AUTO_MODEL if by_auto_model else model_class, model_class)


def _forward_fits(variant: Variant, model_class: str) -> bool:
    """Whether the model class's forward takes what the variant gives."""
    if not variant.forward:
        return True
    parameters = set(forward_parameters(model_class))
    takes = variant.forward.get("takes", [])
    wanted = not takes or any(set(option.split("+")) <= parameters for option in takes)
    return wanted and not parameters & set(variant.forward.get("lacks", []))


def head_for(variant: Variant, model_type: str, universe: Universe) -> Head | None:
    """The head with which a model type does the variant's task; None where it does not."""
    if model_type in variant.model_classes:
        return _chosen_head(variant.model_classes[model_type], model_type, universe)
    if model_type in variant.without or (variant.only and model_type not in variant.only):
        return None
    if any(universe.classes(excluded, model_type) for excluded in variant.excludes):
        return None
    head = _named_head(variant, model_type, universe)
    if head is None or not _forward_fits(variant, head.model_class):
        return None
    return head if all(has_part(model_type, part) for part in variant.requires) else None


def tasks_of(model_type: str, universe: Universe, variants: dict[str, Variant]) -> dict[str, Head]:
    """The tasks of one model type with their heads, primary first."""
    facts = fact_overrides(model_type)
    left_out = set(facts.get("exclude_tasks", []))
    found: dict[str, Head] = {}
    met: set[str] = set()
    for variant in sorted(
        variants.values(), key=lambda item: (item.leftover, item.rank, item.task)
    ):
        head = None if variant.leftover and found else head_for(variant, model_type, universe)
        if head is None or _says_nothing(head, found):
            continue
        met.add(variant.task)
        if variant.task not in left_out:
            found[variant.task] = head
    primary = facts.get("primary_task")
    unknown = (left_out - met) | ({primary} - set(found) if primary else set())
    if unknown:
        raise PipelineMapError(
            f"registry/overrides/{model_type}.yml: not tasks of {model_type}: {sorted(unknown)}"
        )
    return {task: found[task] for task in sorted(found, key=lambda task: task != primary)}


def _says_nothing(head: Head, found: dict[str, Head]) -> bool:
    """AutoModel gives no features where it loads the very class that does another task."""
    return head.auto_class == AUTO_MODEL and any(
        other.model_class == head.model_class for other in found.values()
    )


def build_tasks(universe: Universe, variants: dict[str, Variant]) -> dict[str, dict[str, Head]]:
    """Model type -> task -> head for the whole universe; every model type has at least one task."""
    tasks = {
        model_type: tasks_of(model_type, universe, variants) for model_type in universe.model_types
    }
    without = [model_type for model_type, found in tasks.items() if not found]
    if without:
        raise PipelineMapError(f"model types that no task variant takes: {', '.join(without)}")
    check_facts(variants, tasks)
    return tasks


def check_facts(variants: dict[str, Variant], tasks: Mapping[str, Container[str]]) -> None:
    """Raise for facts about a model type that does not do the task.

    Args:
        tasks: model type -> the tasks it does.
    """
    for variant in variants.values():
        strangers = [t for t in variant.model_facts if variant.task not in tasks.get(t, ())]
        if strangers:
            raise PipelineMapError(
                f"task_variants/{variant.task}/variant.yml: model_facts about model types that do"
                f" not do the task: {', '.join(strangers)}"
            )
