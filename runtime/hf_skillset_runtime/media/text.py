"""Text inputs."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any


def as_text(value: Any) -> str:
    """`value`, if it is a string.

    Raises:
        TypeError: it is not a string.
        ValueError: it contains an unpaired surrogate, which is not a character.
    """
    if not isinstance(value, str):
        raise TypeError(f"expected a text (str), got {type(value).__name__}")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(
            f"the text has an unpaired surrogate at index {error.start}; decode it again with"
            " errors='replace'"
        ) from error
    return value


def as_fields(value: Any, *names: str, further: Collection[str] = ()) -> tuple[Any, ...]:
    """The named fields of a dict input, in order.

    Args:
        further: optional keys.

    Raises:
        TypeError: `value` is not a dict.
        ValueError: a field is missing or unknown.
    """
    expected = "{" + ", ".join(repr(name) for name in names) + "}"
    if not isinstance(value, dict):
        raise TypeError(f"expected a dict with the keys {expected}, got {type(value).__name__}")
    if missing := [name for name in names if name not in value]:
        raise ValueError(f"expected a dict with the keys {expected}; {missing[0]!r} is missing")
    if unknown := [key for key in value if key not in (*names, *further)]:
        optional = f" and optionally {', '.join(map(repr, further))}" if further else ""
        raise ValueError(
            f"expected a dict with the keys {expected}{optional}; {unknown[0]!r} is none of them"
        )
    return tuple(value[name] for name in names)
