"""Chats: lists of messages, each with a role and a content of text and media."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Collection, Mapping
from typing import Any

from jinja2 import TemplateError

from .media_kinds import KEYS, MODULES, chat_part, check_kind

Message = dict[str, Any]
TEXTS = ("text", "output_text")
"""Types of a part that is a text, `input_` taken off."""


def encode_chat(
    messages: list[Message],
    processor: Any,
    kinds: Collection[str],
    continue_final_message: bool | None = None,
    processor_kwargs: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The model's inputs (one row) for a chat through its chat template.

    Args:
        kinds: the modalities that the model accepts.
        continue_final_message: None continues the last message if it is the assistant's.
        processor_kwargs: further arguments of the processor.
    """
    check_chat(messages)
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
    """The text of a chat, rendered by the chat template.

    Raises:
        TypeError: it is not a chat.
        ValueError: the chat is empty, there is no chat template, or it rejects the chat.
    """
    check_chat(messages)
    goes_on = continues(messages, continue_final_message)
    text: str = through_template(
        tokenizer,
        messages,
        add_generation_prompt=not goes_on,
        continue_final_message=goes_on,
        tokenize=False,
    )
    return text


def check_chat(messages: Any) -> None:
    """Raise unless a chat is a list of messages with a role and a content.

    A message with tool calls needs no content.

    Raises:
        TypeError: a message is not such a dict.
        ValueError: there are no messages.
    """
    if not messages:
        raise ValueError("the chat is empty; it needs at least one message")
    for place, message in enumerate(messages):
        if not isinstance(message, Mapping) or not isinstance(message.get("role"), str):
            raise TypeError(
                "expected a chat as a list of {'role': ..., 'content': ...}; its message"
                f" {place} is {message!r:.80}"
            )
        content = message.get("content")
        if isinstance(content, (str, list)) or (content is None and message.get("tool_calls")):
            continue
        raise TypeError(
            f"expected a text or a list of parts as the content of message {place} of the chat;"
            f" got {content!r:.80}"
        )


def through_template(processor: Any, messages: list[Message], **options: Any) -> Any:
    """Apply the chat template of a processor or tokenizer to a chat.

    Raises:
        ValueError: the template rejects the chat; the message contains its reason.
    """
    try:
        return processor.apply_chat_template(messages, **options)
    except TemplateError as error:
        raise ValueError(f"the model's chat template rejects this chat: {error}") from error


def with_media(messages: list[Message], processor: Any, kinds: Collection[str]) -> list[Message]:
    """The chat with its media loaded, each content a list of parts."""
    return [
        {
            **message,
            "content": [loaded(part, processor, kinds) for part in parts(message.get("content"))],
        }
        for message in messages
    ]


def parts(content: Any) -> list[dict[str, Any]]:
    """A message's content as a list of content parts."""
    return [{"type": "text", "text": content}] if isinstance(content, str) else content or []


def loaded(part: dict[str, Any], processor: Any, kinds: Collection[str]) -> dict[str, Any]:
    """A content part with its medium loaded; texts are unchanged."""
    part = normalised(part, processor)
    part_type = part["type"]
    if part_type not in MODULES:
        return part
    check_kind(part_type, kinds)
    return chat_part(part_type, part[part_type], processor)


def normalised(part: Any, processor: Any) -> dict[str, Any]:
    """A content part in normal form: its medium under the name of its type.

    The medium may also be under `url`, `path` or `base64`, as in transformers' chats, or the part
    may be `{"type": "image_url", "image_url": {"url": ...}}` or
    `{"type": "input_audio", "input_audio": {"data": ...}}` as in OpenAI's.

    Raises:
        TypeError: it is not a dict with a `type`, or its text is not a string.
        ValueError: its medium is missing, or its type occurs nowhere in the chat template.
    """
    if not isinstance(part, dict) or "type" not in part:
        raise TypeError(f"expected a dict with 'type' as a part of a message; got {part!r:.80}")
    part_type = str(part["type"]).removesuffix("_url").removeprefix("input_")
    if part_type in TEXTS:
        if not isinstance(part.get("text"), str):
            raise TypeError(f"expected a str as 'text' of a part of a message; got {part!r:.80}")
        return {**part, "type": "text"}
    if part_type not in MODULES:
        if part_type not in str(getattr(processor, "chat_template", "")):
            raise ValueError(  # a template leaves out silently what it does not know
                f"a part of type {part['type']!r} is not known to this model's chat template;"
                f" expected text, {', '.join(MODULES)}"
            )
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
            f"a part of type {part['type']!r} needs {part_type!r}, 'url', 'path' or 'base64'"
        )
    return {"type": part_type, part_type: given}


def user_message(text: str, media: Mapping[str, list[Any]]) -> Message:
    """A user message with media (by input key) and then the text."""
    given = [
        {"type": KEYS[key], KEYS[key]: value} for key, values in media.items() for value in values
    ]
    return {"role": "user", "content": [*given, {"type": "text", "text": text}]}


def continues(messages: list[Message], continue_final_message: bool | None) -> bool:
    """Whether to continue the chat's last message; by default if it is the assistant's."""
    if continue_final_message is None:
        return bool(messages[-1]["role"] == "assistant")
    return continue_final_message


def with_answer(given: Any, text: str, continue_final_message: bool | None) -> Any:
    """A generated text appended to the given text or chat.

    In a chat it becomes a new message, or continues the last one.
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
