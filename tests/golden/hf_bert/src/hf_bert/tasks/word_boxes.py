"""Texts for models that read pages: every word has a box on the page."""

from __future__ import annotations

import re
from typing import Any

import numpy as np


def tokenize_texts(tokenizer: Any, *columns: list[str], **options: Any) -> Any:
    """Tokenize texts, or pairs of them; where boxes are asked for, words get the padding's box."""
    if "bbox" not in tokenizer.model_input_names:
        return tokenizer(*columns, **options)
    *first, texts = columns
    words = [text.split() for text in texts]
    boxes = [[tokenizer.pad_token_box] * len(row) for row in words]
    inputs = tokenizer(*first, words, boxes=boxes, **options)
    for row, places in enumerate(inputs.get("offset_mapping", ())):
        places += word_starts(inputs, row, texts[row], len(first))[:, None]
    return inputs


def word_starts(inputs: Any, row: int, text: str, part: int) -> np.ndarray:
    """Per token where its word starts in the text, which is this part of the row; 0 elsewhere."""
    starts = [word.start() for word in re.finditer(r"\S+", text)]
    words = zip(inputs.sequence_ids(row), inputs.word_ids(row))
    return np.array([starts[word] if sequence == part else 0 for sequence, word in words])
