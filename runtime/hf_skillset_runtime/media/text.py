"""Text inputs."""

from __future__ import annotations

from typing import Any


def as_text(value: Any) -> str:
    """`value` if it is a string.

    Raises:
        TypeError: it is something else.
    """
    if not isinstance(value, str):
        raise TypeError(f"expected a text (str), got {type(value).__name__}")
    return value


def as_fields(value: Any, *names: str) -> tuple[Any, ...]:
    """The named fields of a dict input, in order.

    Raises:
        TypeError: `value` is no dict.
        ValueError: a field is missing.
    """
    expected = "{" + ", ".join(repr(name) for name in names) + "}"
    if not isinstance(value, dict):
        raise TypeError(f"expected a dict with the keys {expected}, got {type(value).__name__}")
    if missing := [name for name in names if name not in value]:
        raise ValueError(f"expected a dict with the keys {expected}; {missing[0]!r} is missing")
    return tuple(value[name] for name in names)
