"""Prompts of multimodal models: a text with media, and what the model generates after it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from inspect import signature
from os import PathLike
from typing import Any

from ..media.text import as_text
from .chats import encode_chat, user_message
from .media_kinds import keys_of, load_all
from .placeholders import wants_template, with_placeholders

Reader = Callable[[Any], list[str]]
"""Decodes rows of tokens to texts."""
SPACES = 2
"""How many characters a tokenizer may put before the prompt that a model repeats."""


def as_text_with_media(
    item: Any, kinds: Collection[str], further: Collection[str] = ()
) -> tuple[str, dict[str, list[Any]]]:
    """The text of an input, and lists of its media by the processor's names.

    Args:
        item: a text, or a dict with `text` and media.
        kinds: the kinds of input that the model takes.
        further: keys of the dict that are neither text nor media; they are left aside.

    Raises:
        TypeError: `item` is neither a text nor such a dict.
        ValueError: it holds what the model does not take.
    """
    if isinstance(item, str):
        return item, {}
    known = keys_of(kinds)
    if not isinstance(item, dict) or "text" not in item:
        names = ", ".join(("text", *known, *further))
        raise TypeError(f"expected a text, a chat or a dict with {names}; got {repr(item)[:80]}")
    if unknown := sorted(set(item) - {"text", *known, *further}):
        names = ", ".join((*known, *further))
        raise ValueError(f"an input of this model holds text, {names}; not {unknown[0]!r}")
    media = {key: item[key] for key in known if item.get(key) is not None}
    return as_text(item["text"]), {
        key: value if is_several(value, key) else [value] for key, value in media.items()
    }


def is_several(value: Any, key: str) -> bool:
    """Whether a value is a list of media; a list of frames is one video."""
    if not isinstance(value, list):
        return False
    return key != "videos" or not value or is_video(value[0])


def is_video(value: Any) -> bool:
    """Whether the item of a list is a whole video: a path, frames, or a 4-dimensional array."""
    return isinstance(value, (str, PathLike, list)) or getattr(value, "ndim", 0) == 4


def encode_prompt(
    text: str,
    media: Mapping[str, list[Any]],
    processor: Any,
    kinds: Collection[str],
    processor_kwargs: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The model's inputs for a text with its media.

    Where the text lacks placeholders, it becomes a chat's message if the template is what puts
    them in, else they are put before it.
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
    """The model's inputs for a text that has its placeholders, or whose processor adds them."""
    opened = load_all(media, processor)
    return dict(processor(text=text, **opened, return_tensors="pt", **(processor_kwargs or {})))


def in_chats_only(media: Mapping[str, list[Any]], processor: Any) -> bool:
    """Whether the processor takes the audio of an input in a chat's message alone."""
    return "audio" in media and "audio" not in signature(processor.__call__).parameters


def new_texts(
    sequences: Any, inputs: Mapping[str, Any], read: Reader, count: int = 1
) -> list[list[str]]:
    """Per input the generated texts, without the prompt that some models repeat before them.

    Args:
        sequences: the generated tokens; a number of rows for each row of the inputs.
        inputs: the model's inputs; those that read media alone have no tokens among them.
        read: decodes rows of tokens.
        count: how many inputs there are.
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
    """A generated text without the prompt that it begins with."""
    start = text.find(prompt)
    return text[start + len(prompt) :] if 0 <= start <= SPACES else text


def answers(context: Any, name: str, values: Collection[Any]) -> list[dict[str, Any]]:
    """The hypotheses for one input as the pipelines give them."""
    return [{"input_text": context, name: value} for value in values]
