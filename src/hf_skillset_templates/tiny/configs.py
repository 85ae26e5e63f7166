"""Walking through a configuration and the configurations inside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from transformers import PreTrainedConfig


def nodes(config: PreTrainedConfig, path: str = "") -> Iterator[tuple[str, PreTrainedConfig]]:
    """The configuration and all nested ones, each with its dotted path ("" for itself)."""
    yield path, config
    for name, value in vars(config).items():
        if isinstance(value, PreTrainedConfig) and not name.startswith("_"):
            yield from nodes(value, f"{path}.{name}".lstrip("."))


def node_at(config: PreTrainedConfig, path: str) -> PreTrainedConfig:
    """The configuration at a dotted path."""
    for name in filter(None, path.split(".")):
        config = getattr(config, name)
    return config


def first_value(
    config: PreTrainedConfig, names: tuple[str, ...], prefer: tuple[str, ...] = ()
) -> Any:
    """The first value that is set under one of the names, in the preferred nodes, then in all."""
    ordered = list(nodes(config))
    ordered.sort(key=lambda item: not any(word in item[0] for word in prefer))
    for name in names:
        for _, node in ordered:
            value = getattr(node, name, None)
            if value is not None:
                return value
    return None
