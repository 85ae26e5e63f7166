"""Vectors made by another network in, vectors out (task `latent-feature-extraction`).

For modules of larger models: each has input names and widths of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..inputs.series import fit_width
from . import Encoded
from .latents import is_batch

__all__ = ["decode", "encode", "is_batch"]


def encode(items: list[Any], processor: Any, config: Any) -> list[Encoded]:
    """A call for each table (rows, width), or dict of such tables by the model's input names."""
    widths = input_widths(config)
    calls = []
    for item in items:
        tables = item if isinstance(item, dict) else dict.fromkeys(widths, item)
        if set(tables) != set(widths):
            raise ValueError(f"expected a table for each of {', '.join(widths)}")
        inputs = {name: fit_width(tables[name], widths[name])[None] for name in widths}
        calls.append(Encoded(inputs))
    return calls


def input_widths(config: Any) -> dict[str, int]:
    """The model's inputs and how wide each is."""
    if config.model_type == "blip_2_qformer":
        return {
            "query_embeds": config.hidden_size,
            "encoder_hidden_states": config.encoder_hidden_size,
        }
    if config.model_type == "muse_glimmer_assistant":
        context = config.hidden_size * len(config.target_layer_ids)
        return {"noise_embeds": config.hidden_size, "context_hidden_states": context}
    return {"inputs_embeds": config.hidden_size}


def decode(
    outputs: list[Mapping[str, np.ndarray]], encoded: list[Encoded], processor: Any, config: Any
) -> list[list[Any]]:
    """Per input the model's first output, as nested lists of floats."""
    return [next(iter(call.values())).tolist() for call in outputs]
