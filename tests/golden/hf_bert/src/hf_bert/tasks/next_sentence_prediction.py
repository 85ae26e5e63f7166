"""Two texts in, whether the second follows the first out (task `next-sentence-prediction`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._runtime.media.text import as_fields, as_text
from .._runtime.tasks.encoded import Encoded
from .._runtime.tasks.limits import cutting
from .._runtime.tasks.scores import softmax


def encode(items: list[Any], tokenizer: Any, config: Any) -> Encoded:
    """Tokenize `{"text", "text_pair"}` pairs."""
    pairs = [as_fields(item, "text", "text_pair") for item in items]
    first, second = ([as_text(text) for text in column] for column in zip(*pairs))
    inputs = tokenizer(
        first,
        second,
        padding=len(items) > 1,
        return_tensors="np",
        **cutting(tokenizer, config, True),
    )
    return Encoded(dict(inputs))


def decode(
    outputs: Mapping[str, np.ndarray], encoded: Encoded, tokenizer: Any, config: Any
) -> list[dict[str, Any]]:
    """Per pair `{"is_next", "score"}`; the score is the probability that the second follows."""
    scores = softmax(outputs["logits"])[:, 0]
    return [{"is_next": bool(score > 0.5), "score": float(score)} for score in scores]
