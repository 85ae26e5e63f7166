"""Page images with word boxes and a question, for document models."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from ..media.image import load_image
from .prompts import as_text_with_media
from .word_boxes import as_words_and_boxes


@dataclass(frozen=True)
class Page:
    """A question about the image of one page."""

    text: str
    image: Any
    """As `PIL.Image`, RGB."""
    words: list[Any] | None
    """`[word, box]` pairs, box coordinates from 0 to 1000; None if the processor runs OCR."""


def as_page(item: Any, kinds: Collection[str]) -> Page:
    """A `Page` from a dict with `text`, `images` and optionally `word_boxes`.

    Raises:
        TypeError: `item` is not such a dict.
        ValueError: it does not have exactly one image.
    """
    text, media = as_text_with_media(item, kinds, ("word_boxes",))
    images = media.get("images", [])
    if len(images) != 1:
        raise ValueError(f"this model accepts one page at a time; got {len(images)} images")
    given = item.get("word_boxes")
    words = None if given is None else list(zip(*as_words_and_boxes(given)))
    return Page(text, load_image(images[0]), words)


def encode_pages(pages: list[Page], processor: Any, **options: Any) -> dict[str, Any]:
    """The model's inputs for questions about pages, one row each.

    Without any words the processor runs OCR if its settings enable it; otherwise only the image
    and the question are encoded.
    """
    questions, images = [page.text for page in pages], [page.image for page in pages]
    given = any(page.words is not None for page in pages)
    if processor.image_processor.apply_ocr and not given:
        return dict(processor(text=questions, images=images, **options))
    columns: dict[str, list[Any]] = {
        "text_pair": [[word for word, _ in page.words or ()] for page in pages],
        "boxes": [[box for _, box in page.words or ()] for page in pages],
    }
    pixels = processor.image_processor(images, apply_ocr=False, return_tensors="pt")
    return {**processor.tokenizer(text=questions, **columns, **options), **pixels}
