"""Latent vectors of another network in, vectors out (task `latent-feature-extraction`).

For submodules of larger models, which differ in input names and widths.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from hf_skillset_runtime.media.series import fit_width
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.latents import is_batch

__all__ = ["decode", "encode", "is_batch"]


def encode(
    items: list[Any], processor: Any, config: Any, facts: Mapping[str, Any]
) -> list[Encoded]:
    """One call for each array (rows, width), or dict of such arrays by input name."""
    widths = input_widths(config, facts.get("inputs", {"inputs_embeds": ["hidden_size"]}))
    calls = []
    for item in items:
        tables = item if isinstance(item, dict) else dict.fromkeys(widths, item)
        if set(tables) != set(widths):
            raise ValueError(f"expected an array for each of {', '.join(widths)}")
        inputs = {name: fit_width(tables[name], widths[name])[None] for name in widths}
        calls.append(Encoded(inputs))
    return calls


def input_widths(config: Any, inputs: Mapping[str, list[str]]) -> dict[str, int]:
    """The width of each input: the product of the settings (of a list, its length)."""
    return {
        name: prod(size(getattr(config, setting)) for setting in settings)
        for name, settings in inputs.items()
    }


def size(setting: Any) -> int:
    """The setting itself, or the length of a list."""
    return setting if isinstance(setting, int) else len(setting)


def decode(
    outputs: list[Mapping[str, np.ndarray]], encoded: list[Encoded], processor: Any, config: Any
) -> list[list[Any]]:
    """Per input the model's first output, as nested lists of floats."""
    return [next(iter(call.values())).tolist() for call in outputs]
