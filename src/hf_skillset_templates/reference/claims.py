"""The claims of a module, compared with the verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .dialect import Dialect

REAL, MOCK = "REAL", "MOCK"


def claims_in(result: Any, dialect: Dialect) -> Iterator[str]:
    """The claims in a result of a handler, the most explicit first."""
    stated = dialect.facts["claims"]
    if isinstance(result, Mapping):
        for key in stated.get("keys", ()):
            yield from claim_of(result.get(key))
        for value in result.values():
            yield from claims_in_text(value, dialect)
    for name, says in stated.get("attributes", {}).items():
        if getattr(result, name, None) is True:
            yield says
    yield from claims_in_text(result, dialect)


def claim_of(value: Any) -> list[str]:
    """The claim in a value such as `"REAL (CUDA)"`: a list of one, or empty."""
    text = str(value).upper() if isinstance(value, str) else ""
    return [MOCK] if MOCK in text else [REAL] if REAL in text else []


def claims_in_text(text: Any, dialect: Dialect) -> Iterator[str]:
    """The claims in the text of a result, or in printed output."""
    if isinstance(text, str):
        for mark, says in dialect.facts["claims"].get("texts", {}).items():
            if mark in text:
                yield says


def claimed(results: list[Any], output: str, dialect: Dialect | None) -> str:
    """The claim of a module: from its results, else from its output; empty if none."""
    if dialect is None:
        return ""
    for result in reversed(results):
        for claim in claims_in(result, dialect):
            return claim
    printed = set(claims_in_text(output, dialect))
    return MOCK if MOCK in printed else REAL if printed else ""
