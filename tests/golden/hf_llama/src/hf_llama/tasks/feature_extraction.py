"""Text in, one vector per token out (task `feature-extraction`)."""

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
    truncation: bool | None = None,
    tokenize_kwargs: Mapping[str, Any] | None = None,
) -> Encoded:
    """Tokenize; the decoder of an encoder-decoder gets only its start token."""
    inputs = dict(
        tokenizer(
            [as_text(text) for text in texts],
            padding=len(texts) > 1,
            return_tensors="np",
            **{**cutting(tokenizer, config, truncation), **(tokenize_kwargs or {})},
        )
    )
    if getattr(config, "is_encoder_decoder", False):
        start = getattr(config, "decoder_start_token_id", None) or 0
        inputs["decoder_input_ids"] = np.full((len(texts), 1), start)
    return Encoded(inputs)


def decode(
    outputs: Mapping[str, np.ndarray], encoded: Encoded, tokenizer: Any, config: Any
) -> list[list[list[list[float]]]]:
    """Per text the (1, tokens, hidden) states of the (last) encoder layer, padding removed.

    (1, hidden) for an encoder that returns only a pooled vector.
    """
    names = ("encoder_last_hidden_state", "last_hidden_state", "pooler_output")
    states = next(outputs[name] for name in names if name in outputs)
    mask = encoded.inputs.get("attention_mask")
    if len(states) == 1 or mask is None or states.ndim == 2:
        return [[state.tolist()] for state in states]
    return [[state[row.astype(bool)].tolist()] for state, row in zip(states, mask)]
