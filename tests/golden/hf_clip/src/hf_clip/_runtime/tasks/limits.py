# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""The largest number of tokens that a model accepts."""

from __future__ import annotations

from typing import Any

UNSET = 1_000_000
"""A larger `model_max_length` means that the tokenizer states no limit."""


def text_part(config: Any) -> Any:
    """The text part of a configuration; the whole configuration if there is none, or several."""
    try:
        return config.get_text_config() if hasattr(config, "get_text_config") else config
    except ValueError:  # several text parts: none of them is the text part
        return config


def longest_text(tokenizer: Any, config: Any) -> int | None:
    """The largest number of tokens by the tokenizer or the configuration; None if unlimited.

    If both state a limit, the smaller one.
    """
    limits = (
        getattr(tokenizer, "model_max_length", None),
        getattr(config, "max_position_embeddings", None),
    )
    stated = [int(limit) for limit in limits if limit is not None and 0 < limit < UNSET]
    return min(stated) if stated else None


def cutting(
    tokenizer: Any, config: Any, truncation: bool | str | None, max_length: int | None = None
) -> dict[str, Any]:
    """Tokenizer arguments that truncate texts to `max_length`, by default to the model's limit.

    Args:
        truncation: as in tokenizers; by default nothing is truncated.
    """
    limit = max_length or longest_text(tokenizer, config)
    if not truncation or limit is None:
        return {"truncation": False}
    return {"truncation": truncation, "max_length": limit}
