"""A page with the words on it and a question in, text out (task `image-text-to-text`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.generation import generation_options
from hf_skillset_runtime.tasks.image_prompts import Prompt, batch_options, decode
from hf_skillset_runtime.tasks.pages import as_page, encode_pages

__all__ = ["decode", "encode"]


def encode(
    items: list[Any],
    processor: Any,
    config: Any,
    kinds: Collection[str],
    max_new_tokens: int | None = None,
    do_sample: bool | None = None,
    generate_kwargs: Mapping[str, Any] | None = None,
    stop_sequence: str | list[str] | None = None,
) -> Encoded:
    """Preprocess `{"images", "text", "word_boxes"}` items; the words may be missing."""
    pages = [as_page(item, kinds) for item in items]
    inputs = encode_pages(pages, processor, **batch_options(len(items)))
    options = generation_options(
        processor, max_new_tokens, generate_kwargs, do_sample=do_sample, stop_sequence=stop_sequence
    )
    prompts = [Prompt(page.text, [page.image], page.text) for page in pages]
    return Encoded(inputs, options, context=prompts)
