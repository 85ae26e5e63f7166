# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""Texts for models that read pages: every word has a box on the page."""

from __future__ import annotations

import re
from collections.abc import Mapping
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


def reads_pages(processor: Any) -> bool:
    """Whether a processor wants the words of a page with their boxes beside the question."""
    return hasattr(getattr(processor, "tokenizer", None), "pad_token_box")


def encode_pages(
    questions: list[str],
    pictures: list[list[Any]],
    words: list[list[Any] | None],
    processor: Any,
    **options: Any,
) -> dict[str, Any]:
    """Questions with their pages and the words on them, `[word, box (0..1000)]` each.

    Without any words the processor reads the pages itself, where its settings say that it can;
    where they do not, the question is asked about the picture alone.

    Raises:
        ValueError: a question does not come with one picture.
    """
    if wrong := [len(found) for found in pictures if len(found) != 1]:
        raise ValueError(f"this model reads one page at a time; got {wrong[0]} images")
    pages = [page for (page,) in pictures]
    given = any(page_words is not None for page_words in words)
    if processor.image_processor.apply_ocr and not given:
        return dict(processor(text=questions, images=pages, **options))
    columns: Mapping[str, list[Any]] = {
        "text_pair": [[word for word, _ in page_words or ()] for page_words in words],
        "boxes": [[box for _, box in page_words or ()] for page_words in words],
    }
    pixels = processor.image_processor(pages, apply_ocr=False, return_tensors="pt")
    return {**processor.tokenizer(text=questions, **columns, **options), **pixels}
