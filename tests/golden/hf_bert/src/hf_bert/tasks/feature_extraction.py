"""Text in, one vector per token out (task `feature-extraction`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._runtime.tasks.encoded import Encoded
from .._runtime.tasks.token_states import encode_texts, token_states


def encode(
    texts: list[Any],
    tokenizer: Any,
    config: Any,
    truncation: bool | None = None,
    tokenize_kwargs: Mapping[str, Any] | None = None,
) -> Encoded:
    """Tokenize; the decoder of an encoder-decoder gets only its start token."""
    return encode_texts(texts, tokenizer, config, truncation, options=tokenize_kwargs)


def decode(
    outputs: Mapping[str, np.ndarray], encoded: Encoded, tokenizer: Any, config: Any
) -> list[list[list[list[float]]]]:
    """Per text the (1, tokens, hidden) states of the (last) encoder layer, padding removed.

    (1, hidden) for an encoder that returns only a pooled vector.
    """
    return [[states.tolist()] for states in token_states(outputs, encoded)]
