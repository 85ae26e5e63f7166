# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Prompts with images, as in transformers' image-text-to-text pipeline."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..media.image import load_image
from .chats import (
    Message,
    check_chat,
    continues,
    normalised,
    parts,
    through_template,
    user_message,
    with_answer,
)
from .encoded import Encoded
from .media_kinds import KEYS, check_kind
from .placeholders import wants_template, with_placeholders
from .prompts import answers, as_text_with_media, new_texts


@dataclass(frozen=True)
class Prompt:
    """One prompt for the processor, and the original input."""

    text: str
    """Text with placeholders; of a chat, the rendered template."""
    images: list[Any]
    given: Any
    """The original text or chat."""


def as_prompt(
    item: Any, processor: Any, kinds: Collection[str], continue_final_message: bool | None = None
) -> Prompt:
    """A text with its images, or a chat; missing placeholders are put in."""
    if isinstance(item, list):
        return chat_prompt(item, processor, kinds, continue_final_message)
    text, media = with_images(item, kinds)
    if wants_template(text, media, processor):
        made = chat_prompt([user_message(text, media)], processor, kinds, False)
        return Prompt(made.text, made.images, text)
    images = [load_image(image) for image in media.get("images", ())]
    return Prompt(with_placeholders(text, media, processor), images, text)


def as_given(
    item: Any, processor: Any, kinds: Collection[str], continue_final_message: bool | None = None
) -> Prompt:
    """The same for a processor that inserts the placeholders itself."""
    if isinstance(item, list):
        return chat_prompt(item, processor, kinds, continue_final_message)
    text, media = with_images(item, kinds)
    return Prompt(text, [load_image(image) for image in media.get("images", ())], text)


def with_images(item: Any, kinds: Collection[str]) -> tuple[str, dict[str, list[Any]]]:
    """The text and the images of an item; a single image may be under `image`."""
    if isinstance(item, dict) and "image" in item and "images" not in item:
        item = {**{key: item[key] for key in item if key != "image"}, "images": item["image"]}
    text, media = as_text_with_media(item, kinds)
    return text, media


def chat_prompt(
    messages: list[Message],
    processor: Any,
    kinds: Collection[str],
    continue_final_message: bool | None,
) -> Prompt:
    """The prompt of a chat, rendered by the model's chat template, with its images."""
    check_chat(messages)
    chat = [
        {**message, "content": [normalised(part, processor) for part in message["content"]]}
        if isinstance(message.get("content"), list)
        else message
        for message in messages
    ]
    media = [
        part
        for message in chat
        for part in parts(message.get("content"))
        if part["type"] in KEYS.values()
    ]
    for part in media:
        check_kind(part["type"], set(kinds) & {"image"})
    images = [load_image(part["image"]) for part in media]
    goes_on = continues(messages, continue_final_message)
    text = through_template(
        processor, chat, add_generation_prompt=not goes_on, continue_final_message=goes_on
    )
    return Prompt(without_start(text, processor.tokenizer), images, messages)


def without_start(text: str, tokenizer: Any) -> str:
    """A rendered chat without its first (BOS) token, if the tokenizer adds that itself."""
    start = tokenizer.bos_token
    if not start or not text.startswith(start):
        return text
    adds = tokenizer("a")["input_ids"][:1] == [tokenizer.bos_token_id]
    return text.removeprefix(start) if adds else text


def images_of(prompts: list[Prompt]) -> list[list[Any]] | None:
    """The images of each prompt, as a list of lists; None if there are none at all."""
    images = [prompt.images for prompt in prompts]
    return images if any(images) else None


def batch_options(count: int) -> dict[str, Any]:
    """Processor options for a batch of `count` prompts: padding on the left."""
    padded = {"padding_side": "left"} if count > 1 else {}
    return {"padding": count > 1, "return_tensors": "pt", **padded}


def decode(
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    processor: Any,
    config: Any,
    return_full_text: bool = True,
    continue_final_message: bool | None = None,
) -> list[list[dict[str, Any]]]:
    """Per input `input_text` with `generated_text`, several with `num_return_sequences`.

    The text includes the prompt, and a chat the previous messages, unless
    `return_full_text=False`.
    """
    read = partial(processor.post_process_image_text_to_text, skip_special_tokens=True)
    results = []
    prompts = encoded.context
    texts_per_prompt = new_texts(outputs["sequences"], encoded.inputs, read, len(prompts))
    for prompt, texts in zip(prompts, texts_per_prompt):
        if return_full_text:
            texts = [with_answer(prompt.given, text, continue_final_message) for text in texts]
        results.append(answers(prompt.given, "generated_text", texts))
    return results
