"""What a model is made of, whatever its size: compared before and after shrinking."""

from __future__ import annotations

import re
from typing import Any


def build_on_meta(cls: type, config: Any) -> Any:
    """The model without memory for its weights."""
    import copy

    import torch

    with torch.device("meta"):
        return cls._from_config(copy.deepcopy(config_for(cls, config))).eval()


def config_for(cls: type, config: Any) -> Any:
    """The part of a composite configuration that this class takes: a text model's own part."""
    wanted = getattr(cls, "config_class", None)
    if wanted is None or isinstance(config, wanted):
        return config
    parts = [getattr(config, name, None) for name in config.sub_configs]
    return next((part for part in parts if type(part) is wanted), config)


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
