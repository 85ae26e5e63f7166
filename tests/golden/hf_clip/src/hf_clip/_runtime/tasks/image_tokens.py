# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Texts of models that expect the tokens of an image before each, even where they compare both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MASK = "attention_mask"


def behind_image_tokens(words: Mapping[str, Any], config: Any) -> dict[str, Any]:
    """Tokenized texts (texts, tokens) with the tokens of an image before each of them.

    Such a model drops the first `num_query_tokens` tokens of a text if its configuration has an
    `image_token_index`; its processor inserts them if it gets an image with the text.
    """
    import torch

    if getattr(config, "image_token_index", None) is None:
        return dict(words)
    before = {"input_ids": config.image_token_index, MASK: 1}
    longer = {}
    for name, rows in words.items():
        image = torch.full((len(rows), config.num_query_tokens), before[name], dtype=rows.dtype)
        longer[name] = torch.cat([image, rows], dim=1)
    return longer
