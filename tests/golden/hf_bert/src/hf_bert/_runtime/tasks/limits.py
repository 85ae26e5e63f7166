# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""How long a text may be for a model."""

from __future__ import annotations

from typing import Any

UNSET = 1_000_000
"""A tokenizer whose longest input lies above does not know that of its model."""


def longest_text(tokenizer: Any, config: Any) -> int | None:
    """How many tokens a model takes, as its tokenizer or its configuration says; None if neither.

    Where both say it, the smaller number counts.
    """
    limits = (
        getattr(tokenizer, "model_max_length", None),
        getattr(config, "max_position_embeddings", None),
    )
    known = [int(limit) for limit in limits if limit is not None and 0 < limit < UNSET]
    return min(known) if known else None


def cutting(
    tokenizer: Any, config: Any, truncation: bool | str | None, max_length: int | None = None
) -> dict[str, Any]:
    """Arguments of a tokenizer that cut texts at `max_length`, or else where the model ends.

    Args:
        truncation: as tokenizers take it; nothing is cut without.
    """
    limit = max_length or longest_text(tokenizer, config)
    if not truncation or limit is None:
        return {"truncation": False}
    return {"truncation": truncation, "max_length": limit}
