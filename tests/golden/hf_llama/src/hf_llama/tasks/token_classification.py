"""Text in, a label for each of its words out (task `token-classification`)."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
from transformers.pipelines.token_classification import (
    AggregationStrategy,
    TokenClassificationPipeline,
)

from .._runtime.media.text import as_text
from .._runtime.tasks.encoded import Encoded
from .._runtime.tasks.scores import softmax


def encode(texts: list[Any], tokenizer: Any, config: Any) -> Encoded:
    """Tokenize, keeping which tokens are no padding and where each stands in its text."""
    texts = [as_text(text) for text in texts]
    inputs = dict(
        tokenizer(
            texts,
            padding=len(texts) > 1,
            return_special_tokens_mask=True,
            return_offsets_mapping=tokenizer.is_fast,
            return_tensors="np",
        )
    )
    special = inputs.pop("special_tokens_mask")
    offsets = inputs.pop("offset_mapping", None)
    mask = inputs.get("attention_mask", np.ones_like(special)).astype(bool)
    context = [
        (text, kept, special[row][kept], None if offsets is None else offsets[row][kept])
        for row, (text, kept) in enumerate(zip(texts, mask))
    ]
    return Encoded(inputs, context=context)


def decode(
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    tokenizer: Any,
    config: Any,
    aggregation_strategy: str = "none",
    ignore_labels: list[str] | None = None,
) -> list[list[dict[str, Any]]]:
    """The entities of each text; transformers' own pipeline code groups the tokens."""
    strategy = AggregationStrategy(aggregation_strategy)
    ignored = ["O"] if ignore_labels is None else ignore_labels
    grouping = TokenClassificationPipeline.__new__(TokenClassificationPipeline)
    grouping.tokenizer, grouping.model = tokenizer, SimpleNamespace(config=config)
    results = []
    for row, (text, kept, special, offsets) in enumerate(encoded.context):
        tokens = grouping.gather_pre_entities(
            text,
            encoded.inputs["input_ids"][row][kept],
            softmax(outputs["logits"][row][kept]),
            offsets,
            special,
            strategy,
        )
        entities = grouping.aggregate(tokens, strategy)
        results.append(
            [
                as_json(entity)
                for entity in entities
                if entity.get("entity", entity.get("entity_group")) not in ignored
            ]
        )
    return results


def as_json(entity: dict[str, Any]) -> dict[str, Any]:
    """The entity with plain Python numbers."""
    return {key: value.item() if hasattr(value, "item") else value for key, value in entity.items()}
