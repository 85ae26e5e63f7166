"""Tokenizers of document models for plain texts: every word gets the padding box."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any

import numpy as np


def as_words_and_boxes(word_boxes: Any) -> tuple[list[str], list[list[int]]]:
    """The words of a page and their boxes, from `[word, [left, top, right, bottom]]` each.

    Raises:
        TypeError: it is not a list of such pairs.
        ValueError: there are no words, or a box is not within 0..1000.
    """
    if isinstance(word_boxes, (str, Mapping)) or not isinstance(word_boxes, Iterable):
        raise TypeError(
            "expected word_boxes as a list of [word, [left, top, right, bottom]]; got"
            f" {word_boxes!r:.80}"
        )
    words, boxes = [], []
    for pair in word_boxes:
        if not isinstance(pair, (list, tuple)) or len(pair) != 2 or not isinstance(pair[0], str):
            raise TypeError(
                f"expected [word, [left, top, right, bottom]] in word_boxes; got {pair!r:.80}"
            )
        word, box = pair
        if not isinstance(box, (list, tuple, np.ndarray)) or not all(
            isinstance(side, Real) for side in box
        ):
            raise TypeError(
                f"expected four numbers as the box of the word {word!r}; got {box!r:.80}"
            )
        if len(box) != 4 or not all(0 <= side <= 1000 for side in box):
            raise ValueError(
                f"the box {list(box)} of the word {word!r} is not within 0..1000: boxes are"
                " given as thousandths of the width and height of the page"
            )
        words.append(word)
        boxes.append([int(side) for side in box])
    if not words:
        raise ValueError("word_boxes is empty: pass the words of the page, or omit it to run OCR")
    return words, boxes


class WordBoxTokenizer:
    """Wraps a tokenizer of words with boxes in the interface of a text tokenizer."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer

    def __getattr__(self, name: str) -> Any:
        # `copy` creates an instance without attributes.
        if name == "tokenizer" or name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.tokenizer, name)

    def __call__(self, *columns: list[str], **options: Any) -> Any:
        """Tokenize texts, or pairs of them, as words; offsets count from the text's start."""
        *first, texts = columns
        words = [text.split() for text in texts]
        boxes = [[self.tokenizer.pad_token_box] * len(row) for row in words]
        inputs = self.tokenizer(*first, words, boxes=boxes, **options)
        rows = inputs.get("overflow_to_sample_mapping", range(len(inputs["input_ids"])))
        if "offset_mapping" in inputs:
            inputs["offset_mapping"] = [
                np.array(places) + word_starts(inputs, row, texts[rows[row]], len(first))[:, None]
                for row, places in enumerate(inputs["offset_mapping"])
            ]
        return inputs


def word_starts(inputs: Any, row: int, text: str, part: int) -> np.ndarray:
    """Per token the start of its word in the text (sequence `part` of the row); 0 elsewhere."""
    starts = [word.start() for word in re.finditer(r"\S+", text)]
    words = zip(inputs.sequence_ids(row), inputs.word_ids(row))
    return np.array([starts[word] if sequence == part else 0 for sequence, word in words])


class EmptyBoxTokenizer:
    """A text tokenizer for a model that requires a box for each token: an empty box."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer

    def __getattr__(self, name: str) -> Any:
        # `copy` creates an instance without attributes.
        if name == "tokenizer" or name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.tokenizer, name)

    def __call__(self, *columns: list[str], **options: Any) -> Any:
        """Tokenize texts, or pairs of them; `bbox` has four zeros for each token."""
        inputs = self.tokenizer(*columns, **options)
        inputs["bbox"] = [[np.zeros(4, np.float32)] * len(row) for row in inputs["input_ids"]]
        if options.get("return_tensors"):
            inputs["bbox"] = np.array(inputs["bbox"])
        return inputs
