"""Texts in, one vector for each of their tokens out: what tasks on text encoders share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..media.text import as_text
from .encoded import Encoded
from .limits import cutting

NAMES = ("encoder_last_hidden_state", "last_hidden_state", "pooler_output")
"""The output with the states: of the encoder if there are two, of nothing else if it is alone."""


def encode_texts(
    texts: list[Any],
    tokenizer: Any,
    config: Any,
    truncation: bool | None = None,
    max_length: int | None = None,
    options: Mapping[str, Any] | None = None,
) -> Encoded:
    """One call for all texts; the decoder of an encoder-decoder gets only its start token.

    Args:
        options: further arguments of the tokenizer.

    Raises:
        TypeError: a text is not a string.
        ValueError: a text contains an unpaired surrogate.
    """
    inputs = dict(
        tokenizer(
            [as_text(text) for text in texts],
            padding=len(texts) > 1,
            return_tensors="np",
            **{**cutting(tokenizer, config, truncation, max_length), **(options or {})},
        )
    )
    if getattr(config, "is_encoder_decoder", False):
        start = getattr(config, "decoder_start_token_id", None) or 0
        inputs["decoder_input_ids"] = np.full((len(texts), 1), start)
    return Encoded(inputs)


def token_states(outputs: Mapping[str, np.ndarray], encoded: Encoded) -> list[np.ndarray]:
    """Per text the states (tokens, hidden) of the (last) encoder layer, float32, without padding.

    (hidden,) for an encoder that returns only a pooled vector.
    """
    states = next(outputs[name] for name in NAMES if name in outputs)
    mask = encoded.inputs.get("attention_mask")
    if len(states) == 1 or mask is None or states.ndim == 2:
        return list(states)
    return [state[row.astype(bool)] for state, row in zip(states, mask)]
