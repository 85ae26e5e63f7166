"""Groups failures: errors that differ only in numbers, names of files or addresses are one."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from .records import FAILED, Cell, Record, cell_of

LENGTH = 160
_TERMINAL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_ADDRESS = re.compile(r"0x[0-9a-f]+", re.IGNORECASE)
_PATH = re.compile(r"(?:/[\w.@+-]+){2,}")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?", re.IGNORECASE)


@dataclass
class Cause:
    """One stage and error, with the cells that it stopped."""

    stage: str
    error: str
    """One of the errors, as it was."""
    cells: list[Cell] = field(default_factory=list)


def plain(text: str) -> str:
    """An error on one line, without the colours of a terminal."""
    return " ".join(_TERMINAL.sub("", text).split())


def fingerprint(error: str) -> str:
    """What two errors of one cause have in common."""
    text = _ADDRESS.sub("0x", _PATH.sub("PATH", plain(error)))
    return _NUMBER.sub("N", text)[:LENGTH]


def causes(records: Iterable[Record]) -> list[Cause]:
    """The failures by stage and error; the cause of most cells first."""
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
