"""Images and a text in, text out; the processor adds placeholders (`image-text-to-text`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.generation import generation_options
from hf_skillset_runtime.tasks.image_prompts import (
    as_given,
    batch_options,
    decode,
    images_of,
)

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
    continue_final_message: bool | None = None,
) -> Encoded:
    """Preprocess `{"images", "text"}` items, or chats whose content includes the images."""
    prompts = [as_given(item, processor, kinds, continue_final_message) for item in items]
    texts = [prompt.text for prompt in prompts]
    inputs = processor(text=texts, images=images_of(prompts), **batch_options(len(items)))
    options = generation_options(
        processor, max_new_tokens, generate_kwargs, do_sample=do_sample, stop_sequence=stop_sequence
    )
    return Encoded(dict(inputs), options, context=prompts)
