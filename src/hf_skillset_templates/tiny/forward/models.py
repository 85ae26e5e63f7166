"""Builds models for evaluation, with weights or without memory for them."""

from __future__ import annotations

import copy
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
