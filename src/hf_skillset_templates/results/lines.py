"""Records in a file, one JSON object for each line, written so that none is ever torn but one."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

from .records import Record, problem


def append_line(path: Path, record: Record) -> None:
    """Add one line with one write, and wait until it is on the disk.

    A line that an earlier run tore is closed first, so that it costs no record but itself.
    """
    line = json.dumps(sayable(record), allow_nan=False).encode() + b"\n"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        if os.lseek(descriptor, 0, os.SEEK_END):
            os.lseek(descriptor, -1, os.SEEK_END)
            line = line if os.read(descriptor, 1) == b"\n" else b"\n" + line
        os.write(descriptor, line)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_lines(path: Path) -> tuple[list[Record], int]:
    """The records of a file, and how many lines are none (torn, not UTF-8, not our fields)."""
    records: list[Record] = []
    torn = 0
    for line in path.read_bytes().split(b"\n") if path.is_file() else []:
        if not line.strip():
            continue
        try:
            record = json.loads(line.decode("utf-8"))
        except (ValueError, RecursionError):
            torn += 1
            continue
        if problem("result", record):
            torn += 1
        else:
            records.append(record)
    return records, torn


def sayable(value: Any) -> Any:
    """The value as JSON and UTF-8 can say it: other numbers as text, half characters replaced."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    if isinstance(value, dict):
        return {sayable(key): sayable(each) for key, each in value.items()}
    if isinstance(value, list):
        return [sayable(each) for each in value]
    return value
