"""Texts for models that read pages: every word gets a box on the page, that of the padding."""

from __future__ import annotations

import re
from typing import Any

import numpy as np


class WordBoxTokenizer:
    """A tokenizer of words with boxes, called as those of texts are."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer

    def __getattr__(self, name: str) -> Any:
        return getattr(self.tokenizer, name)

    def __call__(self, *columns: list[str], **options: Any) -> Any:
        """Tokenize texts, or pairs of them, as words; offsets count from the text's start."""
        *first, texts = columns
        words = [text.split() for text in texts]
        boxes = [[self.tokenizer.pad_token_box] * len(row) for row in words]
        inputs = self.tokenizer(*first, words, boxes=boxes, **options)
        rows = inputs.get("overflow_to_sample_mapping", range(len(inputs["input_ids"])))
        for row, places in enumerate(inputs.get("offset_mapping", ())):
            places += word_starts(inputs, row, texts[rows[row]], len(first))[:, None]
        return inputs


def word_starts(inputs: Any, row: int, text: str, part: int) -> np.ndarray:
    """Per token where its word starts in the text, which is this part of the row; 0 elsewhere."""
    starts = [word.start() for word in re.finditer(r"\S+", text)]
    words = zip(inputs.sequence_ids(row), inputs.word_ids(row))
    return np.array([starts[word] if sequence == part else 0 for sequence, word in words])


class EmptyBoxTokenizer:
    """A tokenizer of texts for a model that wants a box for each token: an empty one."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer

    def __getattr__(self, name: str) -> Any:
        return getattr(self.tokenizer, name)

    def __call__(self, *columns: list[str], **options: Any) -> Any:
        """Tokenize texts, or pairs of them; `bbox` is (texts, tokens, 4), float32."""
        inputs = self.tokenizer(*columns, **options)
        inputs["bbox"] = np.zeros((*inputs["input_ids"].shape, 4), np.float32)
        return inputs
