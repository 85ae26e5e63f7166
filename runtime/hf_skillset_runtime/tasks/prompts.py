"""Prompts of multimodal models: encoding of texts with media, decoding of generated texts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from inspect import signature
from os import PathLike
from typing import Any

from ..media.text import as_text
from .chats import encode_chat, user_message
from .encoded import lacks_tokens
from .media_kinds import keys_of, load_all
from .placeholders import wants_template, with_placeholders

Reader = Callable[[Any], list[str]]
"""Type of functions that decode rows of tokens to texts."""
SPACES = 2
"""Largest number of characters that a tokenizer adds before a repeated prompt."""


def as_text_with_media(
    item: Any, kinds: Collection[str], further: Collection[str] = ()
) -> tuple[str, dict[str, list[Any]]]:
    """The text of an input, and lists of its media by processor argument.

    Args:
        item: a text, or a dict with `text` and media.
        kinds: the modalities that the model accepts.
        further: keys of the dict that are neither text nor media; ignored.

    Raises:
        TypeError: `item` is neither a string nor such a dict.
        ValueError: it holds what the model does not take.
    """
    if isinstance(item, str):
        return as_text(item), {}
    keys = keys_of(kinds)
    if not isinstance(item, dict) or "text" not in item:
        names = ", ".join(("text", *keys, *further))
        raise TypeError(f"expected a text, a chat or a dict with {names}; got {repr(item)[:80]}")
    if unknown := sorted(set(item) - {"text", *keys, *further}):
        names = ", ".join((*keys, *further))
        raise ValueError(f"expected the keys text, {names}; got {unknown[0]!r}")
    media = {key: item[key] for key in keys if item.get(key) is not None}
    return as_text(item["text"]), {
        key: value if is_several(value, key) else [value] for key, value in media.items()
    }


def is_several(value: Any, key: str) -> bool:
    """Whether a value is a list of media; a list of frames counts as one video."""
    if not isinstance(value, list):
        return False
    return key != "videos" or not value or is_video(value[0])


def is_video(value: Any) -> bool:
    """Whether a list item is a video: a path, frames, or a 4-dimensional array."""
    return isinstance(value, (str, PathLike, list)) or getattr(value, "ndim", 0) == 4


def encode_prompt(
    text: str,
    media: Mapping[str, list[Any]],
    processor: Any,
    kinds: Collection[str],
    processor_kwargs: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The model's inputs for a text with its media.

    Missing placeholders are inserted by the chat template if the model has one for them, else
    put before the text.
    """
    if in_chats_only(media, processor) or wants_template(text, media, processor):
        chat = [user_message(text, media)]
        return encode_chat(chat, processor, kinds, False, processor_kwargs)
    prompt = with_placeholders(text, media, processor)
    return encode_as_given(prompt, media, processor, processor_kwargs)


def encode_as_given(
    text: str,
    media: Mapping[str, list[Any]],
    processor: Any,
    processor_kwargs: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The model's inputs for a text with placeholders, or whose processor adds them."""
    opened = load_all(media, processor)
    inputs = dict(processor(text=text, **opened, return_tensors="pt", **(processor_kwargs or {})))
    check_tokens(inputs)
    return inputs


def check_tokens(inputs: Mapping[str, Any]) -> None:
    """Check that a prompt has tokens: without any, the model would continue from padding.

    Raises:
        ValueError: a prompt has no tokens.
    """
    if lacks_tokens(inputs):
        raise ValueError(
            "the prompt is empty, and this model has no token that begins a text: give it a text"
        )


def in_chats_only(media: Mapping[str, list[Any]], processor: Any) -> bool:
    """Whether the processor accepts audio only in chat messages."""
    return "audio" in media and "audio" not in signature(processor.__call__).parameters


def new_texts(
    sequences: Any, inputs: Mapping[str, Any], read: Reader, count: int = 1
) -> list[list[str]]:
    """Per input, the generated texts without the prompt, which some models repeat.

    Args:
        sequences: generated tokens (rows, tokens); one or more rows for each row of the inputs.
        inputs: the model's inputs; `input_ids` may be missing if only media are encoded.
        read: decodes rows of tokens.
        count: number of inputs.
    """
    texts = read(sequences)
    ids = inputs.get("input_ids", inputs.get("decoder_input_ids"))
    prompts = [""] * count if ids is None else read(ids)
    each = len(texts) // count
    return [
        [without_prompt(text, prompt) for text in texts[row * each : (row + 1) * each]]
        for row, prompt in enumerate(prompts)
    ]


def without_prompt(text: str, prompt: str) -> str:
    """A generated text with its leading prompt removed."""
    start = text.find(prompt)
    return text[start + len(prompt) :] if 0 <= start <= SPACES else text


def answers(context: Any, name: str, values: Collection[Any]) -> list[dict[str, Any]]:
    """The hypotheses for one input, in the form of the pipelines."""
    return [{"input_text": context, name: value} for value in values]
