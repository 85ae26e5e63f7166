"""A page and a question in, text out, for models with word boxes (`any-to-any`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from hf_skillset_runtime.tasks.chats import encode_chat
from hf_skillset_runtime.tasks.conversations import conversation_options, decode
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.pages import as_page, encode_pages

__all__ = ["decode", "encode"]


def encode(
    items: list[Any],
    processor: Any,
    config: Any,
    kinds: Collection[str],
    max_new_tokens: int | None = None,
    generate_kwargs: Mapping[str, Any] | None = None,
    generation_mode: str | None = None,
    stop_sequence: str | list[str] | None = None,
    continue_final_message: bool | None = None,
    processor_kwargs: Mapping[str, Any] | None = None,
) -> list[Encoded]:
    """Preprocess `{"text", "images", "word_boxes"}` items or chats: one call each."""
    options = conversation_options(
        processor, max_new_tokens, generate_kwargs, generation_mode, stop_sequence
    )
    runs = []
    for item in items:
        if isinstance(item, list):
            inputs = encode_chat(item, processor, kinds, continue_final_message, processor_kwargs)
            runs.append(Encoded(inputs, options, context=item))
        else:
            page = as_page(item, kinds)
            inputs = encode_pages(
                [page], processor, return_tensors="pt", **(processor_kwargs or {})
            )
            runs.append(Encoded(inputs, options, context=page.text))
    return runs
