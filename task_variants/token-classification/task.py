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

from hf_skillset_runtime.media.text import as_text
from hf_skillset_runtime.tasks.encoded import Encoded, pads
from hf_skillset_runtime.tasks.limits import longest_text
from hf_skillset_runtime.tasks.padding import padded, rows_of
from hf_skillset_runtime.tasks.scores import softmax

SLOW = ("none", "simple")
"""Aggregation strategies for tokenizers that do not provide the word of a token."""


def encode(
    texts: list[Any],
    tokenizer: Any,
    config: Any,
    aggregation_strategy: str = "none",
    stride: int | None = None,
    rows_pad: bool = True,
) -> list[Encoded]:
    """Tokenize; a text that is too long is truncated, or split into windows with `stride`.

    Raises:
        ValueError: an aggregation strategy that is unknown or not supported by the tokenizer, or
            a `stride` that cannot be combined with it.
    """
    strategy_of(aggregation_strategy, tokenizer)
    limit = longest_text(tokenizer, config)
    options = {} if stride is None else pieces(stride, limit, aggregation_strategy, tokenizer)
    rows: list[tuple[int, dict[str, Any], Any]] = []
    for place, text in enumerate(texts):
        tokens = tokenizer(
            [as_text(text)],
            truncation=limit is not None,
            max_length=limit,
            return_special_tokens_mask=True,
            return_offsets_mapping=tokenizer.is_fast,
            **options,
        )
        for row, inputs in enumerate(rows_of(tokens, tokenizer)):
            offsets = np.array(tokens["offset_mapping"][row]) if tokenizer.is_fast else None
            special = np.array(tokens["special_tokens_mask"][row])
            rows.append((place, inputs, (special, offsets)))
    calls = [rows] if rows_pad and pads(tokenizer) else [[row] for row in rows]
    return [
        Encoded(padded([inputs for _, inputs, _ in call], tokenizer), context=(call, texts))
        for call in calls
    ]


def strategy_of(name: str, tokenizer: Any) -> AggregationStrategy:
    """The aggregation strategy of tokens to entities."""
    names = [strategy.value for strategy in AggregationStrategy]
    if name not in names:
        raise ValueError(
            f"expected aggregation_strategy as one of {', '.join(names)}; got {name!r}"
        )
    if name not in SLOW and not tokenizer.is_fast:
        raise ValueError(
            f"aggregation_strategy {name!r} requires the word of each token, which this"
            f" tokenizer does not provide: use one of {', '.join(SLOW)}"
        )
    return AggregationStrategy(name)


def pieces(stride: int, limit: int | None, strategy: str, tokenizer: Any) -> dict[str, Any]:
    """Tokenizer options for windows of a long text that overlap by `stride` tokens."""
    room = None if limit is None else limit - tokenizer.num_special_tokens_to_add()
    if stride < 0 or (room is not None and stride >= room):
        raise ValueError(f"expected stride between 0 and {(room or 1) - 1}; got {stride}")
    if strategy == "none":
        raise ValueError("stride requires an aggregation_strategy other than 'none'")
    if not tokenizer.is_fast:
        raise ValueError("stride requires token offsets, which this tokenizer does not provide")
    return {"return_overflowing_tokens": True, "stride": stride}


def decode(
    outputs: list[Mapping[str, np.ndarray]],
    encoded: list[Encoded],
    tokenizer: Any,
    config: Any,
    aggregation_strategy: str = "none",
    ignore_labels: list[str] | None = None,
) -> list[list[dict[str, Any]]]:
    """The entities of each text; transformers' own pipeline code groups the tokens."""
    strategy = strategy_of(aggregation_strategy, tokenizer)
    ignored = ["O"] if ignore_labels is None else ignore_labels
    grouping = TokenClassificationPipeline.__new__(TokenClassificationPipeline)
    grouping.framework = "pt"  # transformers 4 reads it
    grouping.tokenizer, grouping.model = tokenizer, SimpleNamespace(config=config)
    texts = encoded[0].context[1]
    entities: list[list[dict[str, Any]]] = [[] for _ in texts]
    counts = [0] * len(texts)
    for call, request in zip(outputs, encoded):
        for row, (place, inputs, (special, offsets)) in enumerate(request.context[0]):
            ids = np.array(inputs["input_ids"])
            scores = softmax(call["logits"][row][: len(ids)])
            tokens = grouping.gather_pre_entities(
                texts[place], ids, scores, offsets, special, strategy
            )
            groups = grouping.aggregate(tokens, strategy)
            counts[place] += 1
            entities[place] += [
                as_json(entity)
                for entity in groups
                if entity.get("entity", entity.get("entity_group")) not in ignored
            ]
    return [
        grouping.aggregate_overlapping_entities(groups) if count > 1 else groups
        for groups, count in zip(entities, counts)
    ]


def as_json(entity: dict[str, Any]) -> dict[str, Any]:
    """The entity with plain Python numbers."""
    return {key: value.item() if hasattr(value, "item") else value for key, value in entity.items()}
