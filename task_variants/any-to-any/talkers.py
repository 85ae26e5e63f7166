"""Text, images, audio and video in, text or speech out (task `any-to-any`).

The model can be limited to text output, and has a token limit for each of its parts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from hf_skillset_runtime.tasks.conversations import (
    conversation_options,
    decode,
    encode_conversations,
)
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.prompts import encode_prompt

__all__ = ["decode", "encode"]

LONGEST = 256
"""Default number of new tokens, if neither the caller nor `generate_kwargs` sets it."""


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
    options = conversation_options(processor, None, generate_kwargs, generation_mode, stop_sequence)
    options["generation_mode"] = generation_mode or "text"
    if max_new_tokens is not None:
        options["thinker_max_new_tokens"] = max_new_tokens
    options.setdefault("thinker_max_new_tokens", LONGEST)

    def encode_item(text: str, media: dict[str, list[Any]]) -> dict[str, Any]:
        return encode_prompt(text, media, processor, kinds, processor_kwargs)

    return encode_conversations(
        items, processor, kinds, options, encode_item, continue_final_message, processor_kwargs
    )
