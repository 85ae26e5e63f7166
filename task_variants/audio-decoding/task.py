"""The latents of an audio tokenizer in, the audio clip out (task `audio-decoding`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.media.series import fit_width
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.latents import is_batch

__all__ = ["decode", "encode", "is_batch"]


def encode(
    items: list[Any], processor: Any, config: Any, facts: Mapping[str, Any]
) -> list[Encoded]:
    """One call for each array (frames, width)."""
    name = facts.get("input", "latents")
    tables = [fit_width(item, config.hidden_size) for item in items]
    return [Encoded({name: table.T[None]}) for table in tables]


def decode(
    outputs: list[Mapping[str, np.ndarray]], encoded: list[Encoded], processor: Any, config: Any
) -> list[dict[str, Any]]:
    """Per input the `audio` (samples,) and its `sampling_rate`, None if the model has none."""
    rate = getattr(config, "sampling_rate", None)
    return [
        {"audio": next(iter(call.values())).squeeze(), "sampling_rate": rate} for call in outputs
    ]
