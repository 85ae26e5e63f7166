"""What a model is made of, whatever its size: compared before and after shrinking."""

from __future__ import annotations

import copy
import re
from typing import Any


def build_on_meta(cls: Any, config: Any) -> Any:
    """The model without memory for its weights."""
    import torch

    with torch.device("meta"):
        return instantiate(cls, config)


def instantiate(cls: Any, config: Any) -> Any:
    """The model for evaluation: of the configuration, or of the part of it that the class takes.

    An auto class hands a text model the text part of a composite configuration.
    """
    try:
        return cls._from_config(copy.deepcopy(config)).eval()
    except AttributeError:
        wanted = getattr(cls, "config_class", None)
        parts = [getattr(config, name, None) for name in config.sub_configs]
        part = next((part for part in parts if type(part) is wanted), None)
        if part is None:
            raise
        return cls._from_config(copy.deepcopy(part)).eval()


def parameter_count(model: Any) -> int:
    """All weights, tied ones once."""
    return sum(p.numel() for p in model.parameters())


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
