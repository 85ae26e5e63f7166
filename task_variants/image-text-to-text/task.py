"""Images and a text in, text out (task `image-text-to-text`)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from hf_skillset_runtime.media.image import load_image
from hf_skillset_runtime.media.text import as_text
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.generation import generation_options
from hf_skillset_runtime.tasks.placeholders import marked, wants_template
from hf_skillset_runtime.tasks.videos import load_clip, takes_clips
from hf_skillset_runtime.tasks.word_boxes import encode_pages, reads_pages


def encode(
    items: list[Any],
    processor: Any,
    config: Any,
    facts: Mapping[str, Any],
    max_new_tokens: int | None = None,
    do_sample: bool | None = None,
    generate_kwargs: Mapping[str, Any] | None = None,
) -> Encoded:
    """Preprocess `{"images", "text"}` items, or chats whose content holds the images.

    For models that read pages an item may hold the `word_boxes` of its page; for those that
    take videos alone it holds `videos`.
    """
    prompts = [as_prompt(item, processor, facts) for item in items]
    texts, pictures = [text for text, _ in prompts], [pictures for _, pictures in prompts]
    given: dict[str, Any] = {"padding": len(items) > 1, "return_tensors": "pt"}
    if len(items) > 1:
        given["padding_side"] = "left"
    if reads_pages(processor):
        words = [item.get("word_boxes") for item in items]
        inputs = encode_pages(texts, pictures, words, processor, **given)
    else:
        inputs = processor(text=texts, images=by_prompt(pictures, processor), **given)
    options = generation_options(max_new_tokens, do_sample, generate_kwargs)
    return Encoded(dict(inputs), options, context=texts)


def as_prompt(item: Any, processor: Any, facts: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """The prompt of one item, with its image placeholders, and its images."""
    if isinstance(item, list):
        return chat_prompt(item, processor)
    if not isinstance(item, dict) or "text" not in item:
        raise TypeError("expected {'images': ..., 'text': ...} or a chat, got " + repr(item)[:80])
    clips = takes_clips(processor)
    if clips and "videos" not in item:
        raise ValueError("this model takes {'videos': ..., 'text': ...}; 'videos' is missing")
    images = [item["videos"]] if clips else item.get("images", item.get("image", []))
    images = images if isinstance(images, list) else [images]
    text, unmarked = as_text(item["text"]), not facts.get("marks_media")
    if unmarked and wants_template(text, ["images"], processor):
        content = [{"type": "image", "image": image} for image in images]
        return chat_prompt(
            [{"role": "user", "content": [*content, {"type": "text", "text": text}]}], processor
        )
    pictures = [load_clip(image) if clips else load_image(image) for image in images]
    return marked(text, {"images": pictures} if unmarked else {}, processor), pictures


def by_prompt(pictures: list[list[Any]], processor: Any) -> list[Any] | None:
    """The pictures of each prompt, in a list per prompt; None where there is none at all."""
    if not any(pictures):
        return None
    if hasattr(processor, "multi_page"):  # takes a list per prompt for the pages of a document
        return [picture for prompt in pictures for picture in prompt]
    return pictures


def chat_prompt(messages: list[dict[str, Any]], processor: Any) -> tuple[str, list[Any]]:
    """A chat through the model's chat template, and the images in it."""
    parts = [
        part
        for message in messages
        if isinstance(message["content"], list)
        for part in message["content"]
        if part["type"] == "image"
    ]
    images = [load_image(part.get("image", part.get("url", part.get("path")))) for part in parts]
    return processor.apply_chat_template(messages, add_generation_prompt=True), images


def decode(
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    processor: Any,
    config: Any,
    return_full_text: bool = True,
) -> list[list[dict[str, str]]]:
    """The prompt and what was generated for it (that alone without `return_full_text`)."""
    read = partial(processor.post_process_image_text_to_text, skip_special_tokens=True)
    texts = read(outputs["sequences"])
    ids = encoded.inputs.get("input_ids", encoded.inputs.get("decoder_input_ids"))
    # Without ids the model reads the picture alone, and repeats no prompt.
    prompts = [""] * len(texts) if ids is None else read(ids)
    results = []
    for given, prompt, text in zip(encoded.context, prompts, texts):
        start = text.find(prompt)
        generated = text[start + len(prompt) :] if 0 <= start <= 2 else text
        full = given + generated if return_full_text else generated
        results.append([{"input_text": given, "generated_text": full}])
    return results
