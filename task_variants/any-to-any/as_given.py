"""Text and images in, text out, the processor inserts the placeholders (`any-to-any`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from hf_skillset_runtime.tasks.conversations import (
    conversation_options,
    decode,
    encode_conversations,
)
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.prompts import encode_as_given

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
    """Preprocess texts, `{"text", "images", "videos", "audio"}` items or chats: one call each."""
    options = conversation_options(
        processor, max_new_tokens, generate_kwargs, generation_mode, stop_sequence
    )

    def encode_item(text: str, media: dict[str, list[Any]]) -> dict[str, Any]:
        return encode_as_given(text, media, processor, processor_kwargs)

    return encode_conversations(
        items, processor, kinds, options, encode_item, continue_final_message, processor_kwargs
    )
