"""The report of a move to a release, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .follow import Result
from .plan import KINDS

_SAID = {
    "new": "new",
    "changed": "changed in their own source or facts",
    "shared": "changed in shared modules alone",
    "unchanged": "unchanged",
    "gone": "gone",
}
_NAMED = ("new", "shared", "unchanged", "gone")
"""Kinds whose model types are listed; there are too many changed ones."""


def report(result: Result) -> str:
    """Counts, changed facts, mends, failures with their errors, and times."""
    return "\n".join(_lines(result)) + "\n"


def _lines(result: Result) -> Iterator[str]:
    yield f"# transformers {result.before} -> {result.after}"
    yield ""
    yield from _table(("Model types", "Count"), _counts(result))
    yield ""
    if result.only:
        yield f"Only {', '.join(result.only)}: no other model type was built or measured."
    yield f"{result.ran} of {result.cells} measured CPU cells run."
    for kind in _NAMED:
        if names := getattr(result.plan, kind):
            yield from ("", f"## {kind.capitalize()}", "", ", ".join(names))
    yield from _section("Changed facts", _facts(result.facts))
    yield from _section("Mended by another tiny model", [(cell,) for cell in result.mended])
    yield from _section("Regressions", result.regressions.items())
    yield from _section("New failures", result.new_failures.items())
    yield from ("", "## Seconds", "")
    yield from _table(("Step", "Seconds"), result.seconds.items())


def _counts(result: Result) -> list[tuple[str, int]]:
    return [(_SAID[kind], len(getattr(result.plan, kind))) for kind in KINDS]


def _facts(facts: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str]]:
    return [
        (name, f"{path}: {old} -> {new}")
        for name, paths in facts.items()
        for path, (old, new) in paths.items()
    ]


def _section(title: str, rows: Any) -> Iterator[str]:
    yield from ("", f"## {title}", "")
    lines = [f"- {': '.join(row)}" for row in rows]
    yield from lines or ["None."]


def _table(head: tuple[str, str], rows: Any) -> Iterator[str]:
    yield f"| {head[0]} | {head[1]} |"
    yield "| --- | --- |"
    yield from (f"| {name} | {value} |" for name, value in rows)
