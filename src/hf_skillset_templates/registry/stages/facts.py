"""Writes the facts from transformers' sources: the map of tasks, checkpoints, entries.

Measured fields (tiny, input, output, parameters, ...) of existing entries are kept.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from hf_skillset_templates.registry.sources.checkpoints import default_checkpoint, known_checkpoints
from hf_skillset_templates.registry.sources.composition import part_of
from hf_skillset_templates.registry.sources.dependencies import dependencies
from hf_skillset_templates.registry.sources.descriptions import describe
from hf_skillset_templates.registry.sources.fingerprints import fingerprints
from hf_skillset_templates.registry.sources.input_kinds import taken_kinds
from hf_skillset_templates.registry.sources.pipeline_map import Head, build_tasks
from hf_skillset_templates.registry.sources.processors import processor_classes
from hf_skillset_templates.registry.sources.source_files import transformers_version
from hf_skillset_templates.registry.sources.universe import Universe, load_universe
from hf_skillset_templates.registry.store.entries import (
    ORDER,
    dump,
    read_entry,
    write_entry,
    write_text,
)
from hf_skillset_templates.registry.store.model_types import package_name, pipeline_map
from hf_skillset_templates.registry.store.names import more_checkpoints, name_table
from hf_skillset_templates.registry.store.oldest import oldest_release
from hf_skillset_templates.registry.store.overrides import fact_overrides
from hf_skillset_templates.registry.store.paths import CHECKPOINTS, NAMES, PIPELINE_MAP, SOURCES
from hf_skillset_templates.registry.store.platforms import PLATFORMS_FILE, platform_names
from hf_skillset_templates.registry.store.variants import Variant, load_variants

from .running import Outcome, Workers

MEASURED_OF_TASKS = ("pads", "draws", "tensors")


def _task_facts(
    model_type: str, head: Head, variant: Variant, corrected: dict[str, Any]
) -> dict[str, Any]:
    unpadded = {"pads": False} if corrected.get("pads") is False else {}
    kinds = taken_kinds(model_type, variant.inputs)
    return {
        "auto_class": head.auto_class,
        "model_class": head.model_class,
        "handler_name": variant.handler_name,
        "pipeline": variant.pipeline,
        **unpadded,
        **({"inputs": kinds} if kinds != variant.inputs else {}),
        **corrected.get("tasks", {}).get(variant.task, {}),
    }


def facts_of(
    model_type: str, tasks: dict[str, Head], universe: Universe, variants: dict[str, Variant]
) -> dict[str, Any]:
    """All facts of transformers' sources about one model type, with its overrides applied."""
    primary = next(iter(tasks))
    processors = processor_classes(model_type)
    config_class = universe.config_classes[model_type]
    corrected = fact_overrides(model_type)
    needs = dependencies(
        {head.model_class for head in tasks.values()},
        config_class,
        processors,
        corrected.get("pip", ()),
        oldest_release(model_type),
    )
    facts: dict[str, Any] = {
        "model_type": model_type,
        "package": package_name(model_type),
        "description": describe(tasks[primary].model_class),
        "modality": variants[primary].modality,
        "default_checkpoint": default_checkpoint(model_type, universe),
        "config_class": config_class,
        "part_of": sorted(part_of(model_type)),
        "primary_task": primary,
        "tasks": {
            task: _task_facts(model_type, head, variants[task], corrected)
            for task, head in tasks.items()
        },
        "processors": {part: classes.get("", classes) for part, classes in processors.items()},
        "dependencies": needs,
        "transformers_version": transformers_version(),
    }
    return {
        **facts,
        **{
            key: corrected[key]
            for key in ("description", "modality", "default_checkpoint")
            if key in corrected
        },
    }


def build_facts(model_types: list[str]) -> set[str]:
    """Write the tables and the entries; returns the model types whose entry changed.

    Raises:
        ValueError: transformers does not have one of the model types.
    """
    universe, variants = load_universe(), load_variants()
    unknown = sorted(set(model_types) - set(universe.model_types))
    if unknown:
        raise ValueError(
            f"not model types of transformers {transformers_version()}: {', '.join(unknown)}"
        )
    tasks = build_tasks(universe, variants)
    table = {model_type: list(tasks[model_type]) for model_type in universe.model_types}
    write_text(PIPELINE_MAP, dump(table))
    pipeline_map.cache_clear()
    checkpoints = known_checkpoints(universe)
    write_text(CHECKPOINTS, dump(checkpoints))
    write_text(NAMES, dump(name_table(table, {**more_checkpoints(), **checkpoints})))
    write_text(PLATFORMS_FILE, dump(platform_names()))
    if set(universe.model_types) <= set(model_types):
        write_text(SOURCES, dump(source_table(universe)))
    changed = set()
    for model_type in model_types:
        facts = facts_of(model_type, tasks[model_type], universe, variants)
        if write_entry(with_measured(facts, read_entry(model_type), variants)):
            changed.add(model_type)
    return changed


def source_table(universe: Universe) -> dict[str, Any]:
    """The content of `registry/sources.json`: the source hashes of the measured release."""
    return {"transformers": transformers_version(), "model_types": fingerprints(universe)}


def with_measured(
    facts: dict[str, Any], entry: dict[str, Any], variants: dict[str, Variant]
) -> dict[str, Any]:
    """Facts with the measured fields of an existing entry and of its tasks."""
    known = entry.get("tasks", {})
    for task, stated in facts["tasks"].items():
        old = known.get(task, {})
        if old.get("model_class") == stated["model_class"]:
            stated |= {key: old[key] for key in MEASURED_OF_TASKS if key in old}
    followed = take_over(facts["tasks"], variants)
    if followed and "shapes" in entry:
        proven = sum("tensors" in stated for stated in facts["tasks"].values())
        entry = {**entry, "shapes": {**entry["shapes"], "proven": proven}}
    return {**facts, **{key: value for key, value in entry.items() if key not in ORDER}}


def take_over(tasks: dict[str, dict[str, Any]], variants: dict[str, Variant]) -> list[str]:
    """Copy the measurements of the followed task to tasks without tensors; returns their names.

    Both encode the same inputs for the same model class.
    """
    taken = []
    for task, stated in tasks.items():
        same = (tasks[name] for name in variants[task].follows if name in tasks)
        other = next((each for each in same if each["model_class"] == stated["model_class"]), None)
        if other is not None and "tensors" not in stated:
            stated |= {key: other[key] for key in MEASURED_OF_TASKS if key in other}
            taken.append(task)
    return taken


def run(model_types: list[str], workers: Workers) -> Iterator[Outcome]:
    """All at once: the sources are read once for all of them."""
    started = time.monotonic()
    changed = build_facts(model_types)
    seconds = (time.monotonic() - started) / len(model_types)
    yield from (Outcome(name, "facts", seconds, name in changed) for name in model_types)
