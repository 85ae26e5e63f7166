"""Writes docs/tasks.md from the task variants and the pipeline map."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from hf_skillset_templates.registry.store.model_types import model_types, pipeline_map
from hf_skillset_templates.registry.store.overrides import task_overrides
from hf_skillset_templates.registry.store.paths import ROOT
from hf_skillset_templates.registry.store.variants import Variant, load_variants

TASKS_PAGE = ROOT / "docs" / "tasks.md"
_HEAD = """# Tasks

Made by `python scripts/build_docs.py` from `task_variants/*/variant.yml`; do not edit by hand.

{count} tasks, {pairs} pairs of model type and task, {types} model types. *Primary* counts the model
types of which the task is the first one.

| task | input | output | transformers pipeline | model types | primary |
| --- | --- | --- | --- | ---: | ---: |
"""


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|")


def _anchor(task: str) -> str:
    return f"[{task}](#{task})"


def _default(parameter: dict[str, Any]) -> str:
    if parameter["required"]:
        return "required"
    return f"`{json.dumps(parameter['default'])}`" if "default" in parameter else ""


def _parameters(variant: Variant) -> list[str]:
    """The table of a task's handler parameters."""
    if not variant.handler_params:
        return ["No parameters.", ""]
    rows = ["| parameter | type | default | meaning |", "| --- | --- | --- | --- |"]
    for name, parameter in variant.handler_params.items():
        cells = (
            f"`{name}`",
            f"`{parameter['type']}`",
            _default(parameter),
            parameter["description"],
        )
        rows.append("| " + " | ".join(map(_cell, cells)) + " |")
    return [*rows, ""]


def _facts(variant: Variant) -> list[str]:
    """The line about facts of model types that the task's code uses."""
    overrides = {name: task_overrides(name, variant.task) for name in model_types()}
    described = "; ".join(
        f"`{name}` ({', '.join(own['facts'])})" for name, own in overrides.items() if "facts" in own
    )
    return [f"- Facts about model types: {described}"] if described else []


def _section(variant: Variant, used: int) -> list[str]:
    """One task's part of the page."""
    also = f" Also called: {', '.join(variant.aliases)}." if variant.aliases else ""
    return [
        f"## {variant.task}",
        "",
        f"{variant.summary}{also}",
        "",
        f"- Handler: `create_<platform>_{variant.handler_name}_endpoint_handler`",
        f"- Input: {', '.join(variant.inputs)}",
        f"- Output ({variant.output['format']}): {variant.output['description']}",
        f"- Loaded by: {', '.join(f'`{name}`' for name in variant.auto_classes)}",
        f"- Model types: {used}",
        *_facts(variant),
        *([f"- Note: {variant.notes}"] if variant.notes else []),
        "",
        *_parameters(variant),
    ]


def tasks_page() -> str:
    """The whole page."""
    table = pipeline_map()
    used = Counter(task for tasks in table.values() for task in tasks)
    first = Counter(tasks[0] for tasks in table.values())
    variants = sorted(load_variants().values(), key=lambda variant: variant.task)
    head = _HEAD.format(count=len(variants), pairs=used.total(), types=len(table))
    rows = []
    for variant in variants:
        cells: tuple[object, ...] = (
            _anchor(variant.task),
            ", ".join(variant.inputs),
            variant.output["format"],
            variant.pipeline or "none",
            used[variant.task],
            first[variant.task],
        )
        rows.append("| " + " | ".join(map(_cell, cells)) + " |\n")
    sections = [line for variant in variants for line in _section(variant, used[variant.task])]
    return head + "".join(rows) + "\n" + "\n".join(sections).rstrip() + "\n"
