"""A short video and a text in, text out (task `image-text-to-text`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from hf_skillset_runtime.tasks.clips import load_clip
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.generation import generation_options
from hf_skillset_runtime.tasks.image_prompts import Prompt, batch_options, decode, images_of
from hf_skillset_runtime.tasks.prompts import as_text_with_media

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
    """Preprocess `{"videos", "text"}` items."""
    prompts = []
    for item in items:
        text, media = as_text_with_media(item, kinds)
        if "videos" not in media:
            raise ValueError("expected {'videos': ..., 'text': ...}; 'videos' is missing")
        prompts.append(Prompt(text, [load_clip(video) for video in media["videos"]], text))
    texts = [prompt.text for prompt in prompts]
    inputs = processor(text=texts, images=images_of(prompts), **batch_options(len(items)))
    options = generation_options(
        processor, max_new_tokens, generate_kwargs, do_sample=do_sample, stop_sequence=stop_sequence
    )
    return Encoded(dict(inputs), options, context=prompts)
