"""Groups failures by cause: errors that differ only in numbers, paths or addresses are equal."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from .records import FAILED, Cell, Record, cell_of

LENGTH = 160
_TERMINAL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_ADDRESS = re.compile(r"0x[0-9a-f]+", re.IGNORECASE)
_PATH = re.compile(r"(?:/[\w.@+-]+){2,}|…[\w.@+-]*(?:/[\w.@+-]+)+")
"""Records abbreviate the beginning of a path as `…`."""
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?", re.IGNORECASE)

_OFF = re.compile(r"\(N(?: of its spread| ?relative); tolerance N\)")
"""The words for a relative error, which older records have in other forms."""


@dataclass
class Cause:
    """One stage and error, with the cells that failed with it."""

    stage: str
    error: str
    """The first of the errors."""
    cells: list[Cell] = field(default_factory=list)


def plain(text: str) -> str:
    """An error on one line, without terminal escape sequences."""
    return " ".join(_TERMINAL.sub("", text).split())


def fingerprint(error: str) -> str:
    """An error with numbers, paths and addresses replaced; equal for errors of one cause."""
    text = _ADDRESS.sub("0x", _PATH.sub("PATH", plain(error)))
    return _OFF.sub("(N relative; tolerance N)", _NUMBER.sub("N", text))[:LENGTH]


def causes(records: Iterable[Record]) -> list[Cause]:
    """The failures by stage and error, the most frequent cause first."""
    by_fingerprint: dict[tuple[str, str], Cause] = defaultdict(lambda: Cause("", ""))
    for record in records:
        if record["status"] == FAILED:
            key = record["stage"], fingerprint(record["detail"])
            cause = by_fingerprint[key]
            cause.stage, cause.error = record["stage"], cause.error or plain(record["detail"])
            cause.cells.append(cell_of(record))
    return sorted(
        by_fingerprint.values(), key=lambda cause: (-len(cause.cells), cause.stage, cause.error)
    )
