"""Placeholders: the tokens of a prompt that stand for pictures, videos and sounds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

KINDS = {"images": "image", "videos": "video", "audio": "audio"}
"""What an input may hold beside its text, and what it is called in a chat."""


def missing_placeholders(text: str, media: Iterable[str], processor: Any) -> dict[str, str]:
    """By medium the placeholder that the processor wants in the text and that is not there.

    A processor whose placeholder is no plain string puts it into the text itself.
    """
    tokens = {name: getattr(processor, f"{KINDS[name]}_token", None) for name in media}
    return {
        name: token
        for name, token in tokens.items()
        if isinstance(token, str) and token not in text
    }


def wants_template(text: str, media: Iterable[str], processor: Any) -> bool:
    """Whether the chat template must put in the placeholders: they lack, or it alone knows them."""
    if not getattr(processor, "chat_template", None):
        return False
    alone = any(not hasattr(processor, f"{KINDS[name]}_token") for name in media)
    return alone or bool(missing_placeholders(text, media, processor))


def marked(text: str, media: Mapping[str, list[Any]], processor: Any) -> str:
    """The text with the placeholders that it lacks put before it, one for each medium."""
    missing = missing_placeholders(text, media, processor)
    return "".join(token * len(media[name]) for name, token in missing.items()) + text
