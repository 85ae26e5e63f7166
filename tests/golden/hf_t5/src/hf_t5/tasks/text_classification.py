"""Text or a pair of texts in, labels with scores out (task `text-classification`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._runtime.media.text import as_fields, as_text
from .._runtime.tasks.encoded import Encoded
from .._runtime.tasks.limits import cutting
from .._runtime.tasks.scores import class_scores, labelled


def encode(
    items: list[Any],
    tokenizer: Any,
    config: Any,
    truncation: bool | None = None,
    max_length: int | None = None,
) -> Encoded:
    """Tokenize texts, or `{"text", "text_pair"}` pairs."""
    pairs = [as_fields(item, "text", "text_pair") for item in items if isinstance(item, dict)]
    if pairs and len(pairs) < len(items):
        raise ValueError("a batch contains texts or pairs of texts, not both")
    columns = zip(*pairs) if pairs else [items]
    texts = [[as_text(text) for text in column] for column in columns]
    inputs = tokenizer(
        *texts,
        padding=len(items) > 1,
        **cutting(tokenizer, config, truncation, max_length),
        return_tensors="np",
    )
    return Encoded(dict(inputs))


def decode(
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    tokenizer: Any,
    config: Any,
    top_k: int | None = 1,
    function_to_apply: str | None = None,
) -> list[list[dict[str, Any]]]:
    """The `top_k` labels of each text (all if None), best first."""
    return [
        labelled(class_scores(logits, config, function_to_apply), config, top_k)
        for logits in outputs["logits"]
    ]
