"""The named tensors of a model's inputs and outputs, and their shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Tensors = dict[str, Any]
Symbolic = dict[str, list[int | str]]
"""Tensor -> its symbolic shape; a string is an expression of symbols."""


def tensors(named: Mapping[str, Any], prefix: str = "") -> Tensors:
    """The tensors of a mapping by name; those in lists as name.0, name.1, ..."""
    named_tensors: Tensors = {}
    for name, value in named.items():
        if hasattr(value, "dtype") and hasattr(value, "shape"):
            named_tensors[f"{prefix}{name}"] = value
        elif isinstance(value, (list, tuple)):
            named_tensors |= tensors(
                {str(i): item for i, item in enumerate(value)}, f"{prefix}{name}."
            )
    return named_tensors


def shapes_of(named: Tensors) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in named.items()}
