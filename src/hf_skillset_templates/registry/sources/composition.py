"""Which model types are parts of others, by `sub_configs_defaults` of the configuration classes."""

from __future__ import annotations

import ast
from collections import defaultdict
from functools import cache

from .source_files import class_node
from .universe import load_universe


def _class_name(value: ast.expr) -> str | None:
    """The class of one entry: a class, or that of `SubConfigSpec(config_class=…)`."""
    if isinstance(value, ast.Call):
        keywords = {keyword.arg: keyword.value for keyword in value.keywords}
        value = keywords.get("config_class", value)
    return value.id if isinstance(value, ast.Name) and value.id != "AutoConfig" else None


def sub_config_classes(config_class: str) -> list[str]:
    """Configuration classes that a configuration class (or its base) names as its parts."""
    node = class_node(config_class)
    if node is None:
        return []
    for item in node.body:
        if isinstance(item, ast.Assign) and isinstance(item.value, ast.Dict):
            if any(
                isinstance(target, ast.Name) and target.id == "sub_configs_defaults"
                for target in item.targets
            ):
                names = [_class_name(value) for value in item.value.values]
                return [name for name in names if name]
    bases = [base.id for base in node.bases if isinstance(base, ast.Name)]
    return [name for base in bases for name in sub_config_classes(base)]


@cache
def _wholes() -> dict[str, set[str]]:
    """Configuration class -> model types that have it as a part, however deep."""
    universe = load_universe()
    wholes: dict[str, set[str]] = defaultdict(set)
    for model_type, config_class in universe.config_classes.items():
        waiting, seen = sub_config_classes(config_class), {config_class}
        while waiting:
            part = waiting.pop()
            if part not in seen:
                seen.add(part)
                wholes[part].add(model_type)
                waiting += sub_config_classes(part)
    return wholes


@cache
def part_of(model_type: str) -> frozenset[str]:
    """The model types that a model type is a part of."""
    return frozenset(
        _wholes().get(load_universe().config_classes[model_type], set()) - {model_type}
    )
