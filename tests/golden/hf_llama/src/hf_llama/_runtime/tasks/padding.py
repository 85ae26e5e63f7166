# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Padding of token rows of different length in one batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

NO_INPUTS = {
    "length",
    "num_truncated_tokens",
    "offset_mapping",
    "overflow_to_sample_mapping",
    "overflowing_tokens",
    "special_tokens_mask",
}
"""Outputs of tokenizers that are not inputs of models."""


def rows_of(tokens: Any, tokenizer: Any) -> list[dict[str, Any]]:
    """The model's inputs of tokenized texts: a dict of lists for each row."""
    unread = {"token_type_ids"} - set(tokenizer.model_input_names)
    names = [name for name in tokens if name not in NO_INPUTS | unread]
    return [{name: tokens[name][row] for name in names} for row in range(len(tokens["input_ids"]))]


def padded(
    rows: Sequence[Mapping[str, Any]], tokenizer: Any, side: str = "right"
) -> dict[str, np.ndarray]:
    """Rows of tokens as arrays (rows, tokens) of int64, the shorter ones padded.

    Args:
        side: `right` or `left`, the side of the padding.

    Raises:
        ValueError: rows differ in length, and the tokenizer has no padding token; or one is empty.
    """
    lengths = [len(row["input_ids"]) for row in rows]
    if not all(lengths):
        raise ValueError("the text has no token for this model: give it at least one word")
    if len(set(lengths)) > 1 and tokenizer.pad_token_id is None:
        raise ValueError("this tokenizer has no padding token; pass one input at a time")
    fill = {
        "input_ids": tokenizer.pad_token_id,
        "token_type_ids": getattr(tokenizer, "pad_token_type_id", 0),
        "bbox": getattr(tokenizer, "pad_token_box", [0] * 4),
    }
    return {
        name: np.array(
            [
                filled(
                    list(row[name]),
                    fill.get(name, np.zeros_like(row[name][0])),
                    max(lengths) - length,
                    side,
                )
                for row, length in zip(rows, lengths)
            ]
        )
        for name in rows[0]
    }


def filled(values: list[Any], value: Any, count: int, side: str) -> list[Any]:
    """Values with `value` added `count` times on one side (`right` or `left`)."""
    padding = [value] * count
    return padding + values if side == "left" else values + padding
