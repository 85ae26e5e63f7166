"""Chats: lists of messages, each with a role and a content of text and media."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Collection, Mapping
from typing import Any

from jinja2 import TemplateError

from .media_kinds import KEYS, MODULES, chat_part, check_kind

Message = dict[str, Any]


def encode_chat(
    messages: list[Message],
    processor: Any,
    kinds: Collection[str],
    continue_final_message: bool | None = None,
    processor_kwargs: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The model's inputs (one row) for a chat through its chat template.

    Args:
        kinds: the kinds of input that the model takes.
        continue_final_message: None continues the last message where it is the assistant's.
        processor_kwargs: further arguments of the processor.
    """
    goes_on = continues(messages, continue_final_message)
    inputs = through_template(
        processor,
        with_media(messages, processor, kinds),
        add_generation_prompt=not goes_on,
        continue_final_message=goes_on,
        tokenize=True,
        return_dict=True,
        return_tensors="pt",
        processor_kwargs=dict(processor_kwargs or {}),
    )
    return dict(inputs)


def rendered(
    messages: list[Message], tokenizer: Any, continue_final_message: bool | None = None
) -> str:
    """A chat as the text that the chat template makes of it.

    Raises:
        ValueError: there is no chat template, or it refuses the chat.
    """
    goes_on = continues(messages, continue_final_message)
    text: str = through_template(
        tokenizer,
        messages,
        add_generation_prompt=not goes_on,
        continue_final_message=goes_on,
        tokenize=False,
    )
    return text


def through_template(processor: Any, messages: list[Message], **options: Any) -> Any:
    """What the chat template of a processor or tokenizer makes of a chat.

    Raises:
        ValueError: it refuses the chat; the message has the template's own reason.
    """
    try:
        return processor.apply_chat_template(messages, **options)
    except TemplateError as error:
        raise ValueError(f"the model's chat template refuses this chat: {error}") from error


def with_media(messages: list[Message], processor: Any, kinds: Collection[str]) -> list[Message]:
    """The chat with its media loaded, each content a list of parts."""
    return [
        {
            **message,
            "content": [loaded(part, processor, kinds) for part in parts(message["content"])],
        }
        for message in messages
    ]


def parts(content: Any) -> list[dict[str, Any]]:
    """A message's content as a list of parts."""
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def loaded(part: dict[str, Any], processor: Any, kinds: Collection[str]) -> dict[str, Any]:
    """A part of a message with its medium loaded; a text as it is."""
    part = normalised(part)
    kind = part["type"]
    if kind not in MODULES:
        return part
    check_kind(kind, kinds)
    return chat_part(kind, part[kind], processor)


def normalised(part: Any) -> dict[str, Any]:
    """A part of a message in one form: its medium under the name of its type.

    A part may name its medium `url`, `path` or `base64` too, as in transformers' chats, or be
    `{"type": "image_url", "image_url": {"url": ...}}` or
    `{"type": "input_audio", "input_audio": {"data": ...}}` as in OpenAI's.

    Raises:
        TypeError: it is no dict with a `type`.
        ValueError: it has no medium.
    """
    if not isinstance(part, dict) or "type" not in part:
        raise TypeError(f"expected a dict with 'type' as a part of a message; got {part!r:.80}")
    kind = str(part["type"]).removesuffix("_url").removeprefix("input_")
    if kind not in MODULES:
        return part
    given = part.get(part["type"])
    if isinstance(given, dict) and ("url" in given or "data" in given):
        given = given["url"] if "url" in given else b64decode(given["data"])
    for name in ("url", "path"):
        given = part.get(name) if given is None else given
    if given is None and "base64" in part:
        given = b64decode(part["base64"].rpartition(",")[2])
    if given is None:
        raise ValueError(
            f"a part of type {part['type']!r} needs {kind!r}, 'url', 'path' or 'base64'"
        )
    return {"type": kind, kind: given}


def user_message(text: str, media: Mapping[str, list[Any]]) -> Message:
    """A message of the user: its media, by the keys of an input, and then its text."""
    given = [
        {"type": KEYS[key], KEYS[key]: value} for key, values in media.items() for value in values
    ]
    return {"role": "user", "content": [*given, {"type": "text", "text": text}]}


def continues(messages: list[Message], continue_final_message: bool | None) -> bool:
    """Whether the chat's last message is continued: by default where it is the assistant's."""
    if continue_final_message is None:
        return bool(messages[-1]["role"] == "assistant")
    return continue_final_message


def with_answer(given: Any, text: str, continue_final_message: bool | None) -> Any:
    """A generated text behind the given text, or in the given chat.

    In a chat it is a new message, or goes on with the last one's text.
    """
    if isinstance(given, str):
        return given + text
    messages: list[Message] = given
    if not continues(messages, continue_final_message):
        return [*messages, {"role": "assistant", "content": text}]
    last = messages[-1]
    if isinstance(last["content"], str):
        return [*messages[:-1], {**last, "content": last["content"] + text}]
    *content, final = last["content"]
    return [
        *messages[:-1],
        {**last, "content": [*content, {**final, "text": final["text"] + text}]},
    ]
