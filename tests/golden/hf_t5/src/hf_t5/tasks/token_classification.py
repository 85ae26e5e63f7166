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
from .._runtime.tasks.encoded import Encoded, pads
from .._runtime.tasks.limits import longest_text
from .._runtime.tasks.padding import padded, rows_of
from .._runtime.tasks.scores import softmax

SLOW = ("none", "simple")
"""How tokens can be joined where the tokenizer does not tell which word they are of."""


def encode(
    texts: list[Any],
    tokenizer: Any,
    config: Any,
    aggregation_strategy: str = "none",
    stride: int | None = None,
    rows_pad: bool = True,
) -> list[Encoded]:
    """Tokenize; a text that is longer than the model takes is cut, or in pieces with `stride`.

    Raises:
        ValueError: a way to join tokens that does not exist or that the tokenizer cannot do, or a
            `stride` that does not go with it.
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
    """How tokens are joined to entities."""
    known = [strategy.value for strategy in AggregationStrategy]
    if name not in known:
        raise ValueError(f"aggregation_strategy is one of {', '.join(known)}; got {name!r}")
    if name not in SLOW and not tokenizer.is_fast:
        raise ValueError(
            f"aggregation_strategy {name!r} needs to know which word a token is of, and this"
            f" tokenizer does not tell: use one of {', '.join(SLOW)}"
        )
    return AggregationStrategy(name)


def pieces(stride: int, limit: int | None, strategy: str, tokenizer: Any) -> dict[str, Any]:
    """How to tokenize a long text in pieces that share `stride` tokens."""
    room = None if limit is None else limit - tokenizer.num_special_tokens_to_add()
    if stride < 0 or (room is not None and stride >= room):
        raise ValueError(
            f"stride lies between 0 and {(room or 1) - 1}, as texts are cut; got {stride}"
        )
    if strategy == "none":
        raise ValueError("stride goes with an aggregation_strategy other than 'none': name one")
    if not tokenizer.is_fast:
        raise ValueError(
            "stride needs to know where tokens stand, which this tokenizer cannot tell"
        )
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
            found = grouping.aggregate(tokens, strategy)
            counts[place] += 1
            entities[place] += [
                as_json(entity)
                for entity in found
                if entity.get("entity", entity.get("entity_group")) not in ignored
            ]
    return [
        grouping.aggregate_overlapping_entities(found) if count > 1 else found
        for found, count in zip(entities, counts)
    ]


def as_json(entity: dict[str, Any]) -> dict[str, Any]:
    """The entity with plain Python numbers."""
    return {key: value.item() if hasattr(value, "item") else value for key, value in entity.items()}
