"""Pages for models that read the words of a page with their boxes beside a question."""

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
    """`[word, box]` each, boxes from 0 to 1000; None where the page is read by the processor."""


def as_page(item: Any, kinds: Collection[str]) -> Page:
    """A `{"text", "images"}` item with its `word_boxes` if it has them.

    Raises:
        TypeError: it is no such item.
        ValueError: it does not have exactly one image.
    """
    text, media = as_text_with_media(item, kinds, ("word_boxes",))
    images = media.get("images", [])
    if len(images) != 1:
        raise ValueError(f"this model reads one page at a time; got {len(images)} images")
    given = item.get("word_boxes")
    words = None if given is None else list(zip(*as_words_and_boxes(given)))
    return Page(text, load_image(images[0]), words)


def encode_pages(pages: list[Page], processor: Any, **options: Any) -> dict[str, Any]:
    """The model's inputs for questions about pages, a row for each.

    Without any words the processor reads the pages itself, where its settings say that it can;
    where they do not, the question is asked about the image alone.
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
