"""Text in, the hidden states of the text encoder out (task `text-encoding`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._runtime.media.text import as_text
from .._runtime.tasks.encoded import Encoded
from .._runtime.tasks.limits import cutting


def encode(
    texts: list[Any],
    tokenizer: Any,
    config: Any,
    truncation: bool = True,
    max_length: int | None = None,
) -> Encoded:
    """Tokenize."""
    inputs = tokenizer(
        [as_text(text) for text in texts],
        padding=len(texts) > 1,
        **cutting(tokenizer, config, truncation, max_length),
        return_tensors="np",
    )
    return Encoded(dict(inputs))


def decode(
    outputs: Mapping[str, np.ndarray], encoded: Encoded, tokenizer: Any, config: Any
) -> list[dict[str, np.ndarray]]:
    """Per text `last_hidden_state` (tokens, hidden), padding removed.

    An encoder that pools adds `pooler_output` (hidden,).
    """
    states = outputs["last_hidden_state"]
    mask = encoded.inputs.get("attention_mask", np.ones(states.shape[:2]))
    results = [
        {"last_hidden_state": rows[row_mask.astype(bool)]} for rows, row_mask in zip(states, mask)
    ]
    for result, pooled in zip(results, outputs.get("pooler_output", ())):
        result["pooler_output"] = pooled
    return results
