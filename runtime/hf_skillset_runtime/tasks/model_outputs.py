"""Model outputs for transformers' `post_process_*` methods: torch tensors as attributes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch


class ModelOutputs(dict[str, Any]):
    """Named outputs as attributes; missing ones are None."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.get(name)


def as_model_output(outputs: Mapping[str, Any]) -> ModelOutputs:
    """A platform's outputs (arrays by name) in the form that a transformers model returns."""
    return ModelOutputs({name: as_tensor(value) for name, value in outputs.items()})


def as_tensor(value: Any) -> Any:
    """An array as a tensor that shares its memory; tuples item by item, anything else unchanged."""
    if isinstance(value, (list, tuple)):
        return tuple(as_tensor(item) for item in value)
    return torch.as_tensor(value) if hasattr(value, "dtype") else value
