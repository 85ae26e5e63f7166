"""A table and a question in, the cells that answer it out (task `table-question-answering`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from hf_skillset_runtime.media.table import as_table
from hf_skillset_runtime.media.text import as_fields, as_text
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.limits import longest_text
from hf_skillset_runtime.tasks.model_outputs import as_tensor

ROW_NUMBERS = 2
"""Index of the row number in a token's type ids; rows count from 1, 0 is no row."""


def encode(
    items: list[Any],
    tokenizer: Any,
    config: Any,
    padding: bool | str = True,
    truncation: bool | str = "drop_rows_to_fit",
) -> list[Encoded]:
    """One call for each `{"table", "query"}`, with one row per question of its `query`."""
    calls = []
    for item in items:
        given, query = as_fields(item, "table", "query")
        table = rows_to_fit(as_table(given), config, truncation)
        queries = [as_text(question) for question in as_list(query)]
        if not all(queries):
            raise ValueError("the query is empty; it needs at least one question")
        check_room(queries, tokenizer, config)
        limit = {"max_length": longest_text(tokenizer, config)} if truncation else {}
        tokens = tokenizer(
            table, queries, padding=padding, truncation=truncation, return_tensors="np", **limit
        )
        for question, numbers in zip(queries, tokens["token_type_ids"][:, :, ROW_NUMBERS]):
            if not numbers.any():  # no row fits: the answer would come from the header only
                raise too_long(question, tokenizer, config)
        calls.append(Encoded(dict(tokens), context=(table, isinstance(query, str))))
    return calls


def rows_to_fit(table: pd.DataFrame, config: Any, truncation: bool | str) -> pd.DataFrame:
    """The first rows of a table, as many as the model has row ids for (0 is no row).

    Raises:
        ValueError: there are more, and `truncation` does not drop any.
    """
    most = config.type_vocab_sizes[2] - 1
    if len(table) > most and truncation != "drop_rows_to_fit":
        raise ValueError(
            f"the table has {len(table)} rows, but this model accepts at most {most}: pass fewer,"
            " or truncation='drop_rows_to_fit'"
        )
    return table.head(most)


def check_room(queries: list[str], tokenizer: Any, config: Any) -> None:
    """Raise ValueError for a question that leaves no tokens for a table."""
    limit = longest_text(tokenizer, config)
    for query in queries:
        if limit is not None and len(tokenizer.tokenize(query)) >= limit - 2:
            raise too_long(query, tokenizer, config)


def too_long(query: str, tokenizer: Any, config: Any) -> ValueError:
    """The error for a question that leaves no tokens for a row of the table."""
    return ValueError(
        f"the question has {len(tokenizer.tokenize(query))} tokens, and this model accepts at"
        f" most {longest_text(tokenizer, config)} with the table: shorten it"
    )


def as_list(query: Any) -> list[Any]:
    """The questions of an item: one, or several about the same table; at least one."""
    return query if isinstance(query, list) and query else [query]


def decode(
    outputs: list[Mapping[str, np.ndarray]], encoded: list[Encoded], tokenizer: Any, config: Any
) -> list[Any]:
    """Per item `{"answer", "coordinates", "cells"}`, and `aggregator` if the model has one.

    An item with a list of questions returns a list of these.
    """
    results: list[Any] = []
    for call, request in zip(outputs, encoded):
        table, single = request.context
        cells, aggregations = predictions(call, request, tokenizer)
        answers = [answer(table, *chosen, config) for chosen in zip(cells, aggregations)]
        results.append(answers[0] if single else answers)
    return results


def predictions(
    outputs: Mapping[str, np.ndarray], encoded: Encoded, tokenizer: Any
) -> tuple[list[list[tuple[int, int]]], list[int | None]]:
    """Per question the coordinates of the chosen cells, and how to aggregate them."""
    names = [name for name in ("logits", "logits_aggregation") if name in outputs]
    tensors = {name: as_tensor(value) for name, value in encoded.inputs.items()}
    logits = [as_tensor(outputs[name].copy()) for name in names]
    cells, *aggregations = tokenizer.convert_logits_to_predictions(tensors, *logits)
    return cells, aggregations[0] if aggregations else [None] * len(cells)


def answer(
    table: pd.DataFrame, coordinates: list[tuple[int, int]], aggregation: int | None, config: Any
) -> dict[str, Any]:
    """The answer of the chosen cells."""
    cells = [table.iat[coordinate] for coordinate in coordinates]
    result = {"answer": ", ".join(cells), "coordinates": coordinates, "cells": cells}
    if aggregation is None:
        return result
    aggregator = config.aggregation_labels[aggregation]
    if aggregation != config.no_aggregation_label_index:
        result["answer"] = f"{aggregator} > {result['answer']}"
    return {**result, "aggregator": aggregator}
