"""Placeholders: the tokens of a prompt that stand for images, videos and audio."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .media_kinds import KEYS


def missing_placeholders(text: str, media: Iterable[str], processor: Any) -> dict[str, str]:
    """Key of the media -> the placeholder that the processor requires and the text lacks.

    Processors whose placeholder is not a plain string insert it themselves.
    """
    tokens = {key: getattr(processor, f"{KEYS[key]}_token", None) for key in media}
    return {
        key: token for key, token in tokens.items() if isinstance(token, str) and token not in text
    }


def wants_template(text: str, media: Iterable[str], processor: Any) -> bool:
    """Whether only the chat template can insert the missing placeholders."""
    if not getattr(processor, "chat_template", None):
        return False
    alone = any(not hasattr(processor, f"{KEYS[key]}_token") for key in media)
    return alone or bool(missing_placeholders(text, media, processor))


def with_placeholders(text: str, media: Mapping[str, list[Any]], processor: Any) -> str:
    """The text with its missing placeholders prepended, one for each medium.

    Several are put on separate lines: some models merge adjacent ones into one medium.
    """
    missing = missing_placeholders(text, media, processor)
    return "".join("\n".join([token] * len(media[key])) for key, token in missing.items()) + text
