"""Which tasks each model type does: the variants' conditions applied to the auto mappings."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass

from hf_skillset_templates.registry.store.overrides import fact_overrides, task_overrides
from hf_skillset_templates.registry.store.variants import Variant

from .processors import has_part
from .source_files import forward_parameters
from .universe import Universe

AUTO_MODEL = "AutoModel"
BY_NAME = ("MODEL_", "AutoBackbone")
"""Mappings without an auto class; AutoBackbone queries the hub first and cannot open folders."""


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
    """The head of a class that the overrides name: by AutoModel where it loads that very class."""
    by_auto_model = universe.classes(AUTO_MODEL, model_type)[:1] == (model_class,)
    return Head(AUTO_MODEL if by_auto_model else model_class, model_class)


def _forward_fits(variant: Variant, model_class: str) -> bool:
    """Whether the model class's forward accepts the variant's inputs."""
    if not variant.forward:
        return True
    parameters = set(forward_parameters(model_class))
    takes = variant.forward.get("takes", [])
    wanted = not takes or any(set(option.split("+")) <= parameters for option in takes)
    return wanted and not parameters & set(variant.forward.get("lacks", []))


def head_for(variant: Variant, model_type: str, universe: Universe) -> Head | None:
    """The head with which a model type does the variant's task; None where it does not."""
    own = task_overrides(model_type, variant.task)
    if "model_class" in own:
        return _chosen_head(own["model_class"], model_type, universe)
    if variant.opt_in and variant.task not in fact_overrides(model_type).get("add_tasks", []):
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
    heads: dict[str, Head] = {}
    met: set[str] = set()
    for variant in sorted(
        variants.values(), key=lambda item: (item.leftover, item.rank, item.task)
    ):
        head = _head_beside(variant, model_type, universe, heads)
        if head is None:
            continue
        met.add(variant.task)
        if variant.task not in left_out:
            heads[variant.task] = head
    primary = facts.get("primary_task")
    added = set(facts.get("add_tasks", []))
    unknown = (left_out - met) | ({primary} - set(heads) if primary else set())
    unknown |= {task for task in added if task not in heads or not variants[task].opt_in}
    if unknown:
        raise PipelineMapError(
            f"registry/overrides/{model_type}.yml: not tasks of {model_type}: {sorted(unknown)}"
        )
    return {task: heads[task] for task in sorted(heads, key=lambda task: task != primary)}


def _head_beside(
    variant: Variant, model_type: str, universe: Universe, heads: dict[str, Head]
) -> Head | None:
    """The head for a variant beside those of lower rank; None where it adds nothing to them."""
    if variant.follows:
        return next((heads[task] for task in variant.follows if task in heads), None)
    head = None if variant.leftover and heads else head_for(variant, model_type, universe)
    nothing = head is not None and not variant.opt_in and _says_nothing(head, heads)
    return None if nothing else head


def _says_nothing(head: Head, heads: dict[str, Head]) -> bool:
    """AutoModel gives no features where it loads the very class that does another task."""
    return head.auto_class == AUTO_MODEL and any(
        other.model_class == head.model_class for other in heads.values()
    )


def build_tasks(universe: Universe, variants: dict[str, Variant]) -> dict[str, dict[str, Head]]:
    """Model type -> task -> head for the whole universe; every model type has at least one task."""
    tasks = {
        model_type: tasks_of(model_type, universe, variants) for model_type in universe.model_types
    }
    without = [model_type for model_type, heads in tasks.items() if not heads]
    if without:
        raise PipelineMapError(f"model types that no task variant takes: {', '.join(without)}")
    check_facts(variants, tasks)
    return tasks


def check_facts(variants: dict[str, Variant], tasks: Mapping[str, Container[str]]) -> None:
    """Raise for overrides of a task that the model type does not do, or facts without a meaning.

    Args:
        tasks: model type -> the tasks it does.
    """
    for model_type, done in tasks.items():
        for task, own in fact_overrides(model_type).get("tasks", {}).items():
            if task not in done:
                raise PipelineMapError(
                    f"registry/overrides/{model_type}.yml: {model_type} does not do the task {task}"
                )
            if unknown := set(own.get("facts", ())) - set(variants[task].fact_names):
                raise PipelineMapError(
                    f"registry/overrides/{model_type}.yml: facts that are not among the fact_names"
                    f" of task_variants/{task}/variant.yml: {', '.join(sorted(unknown))}"
                )
