"""The structure of a model independent of its size, compared before and after shrinking."""

from __future__ import annotations

import re
from typing import Any


def module_kinds(model: Any) -> set[str]:
    """The classes of all modules: a layer kind, an expert block or a tower each has its own."""
    return {type(module).__name__ for module in model.modules()}


def missing_kinds(default: Any, tiny: Any) -> list[str]:
    """Module classes that the default has and the tiny model lost."""
    return sorted(module_kinds(default) - module_kinds(tiny))


def structure_problems(draft: Any) -> list[str]:
    """Features of the default configuration that the changed one no longer shows."""
    problems = []
    for path, node in draft.walk():
        for name, value in node.values.items():
            where = f"{path}.{name}" if path else name
            if re.search(r"layer_types$|layers_block_type$|^attn_layers$", name) and isinstance(
                value, list
            ):
                lost = set(value) - set(node.get(name))
                problems += [f"{where} lost {', '.join(sorted(lost))}"] if lost else []
    return problems
