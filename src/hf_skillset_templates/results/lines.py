"""JSON Lines files: each line is validated, and invalid ones are counted."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from hf_skillset_templates.errors import UsageError

Record = dict[str, Any]


@dataclass(frozen=True)
class Lines:
    """The content of a file of records."""

    records: list[Record] = field(default_factory=list)
    skipped: int = 0
    """Number of invalid lines."""


def read_lines(path: Path, schema: dict[str, Any]) -> Lines:
    """The records of a file that match a schema; empty if there is no file."""
    if not path.exists():
        return Lines()
    check = validator(json.dumps(schema))
    records, skipped = [], 0
    for line in path.read_bytes().splitlines():
        record = parsed(line)
        if record is not None and check(record):
            records.append(record)
        else:
            skipped += bool(line.strip())
    return Lines(records, skipped)


@cache
def validator(schema: str) -> Callable[[Any], bool]:
    """A function that checks whether a value matches a schema; cached."""
    check: Callable[[Any], bool] = Draft202012Validator(json.loads(schema)).is_valid
    return check


def parsed(line: bytes) -> Any:
    """The JSON of a line; None if it is invalid or too long."""
    try:
        return json.loads(line.decode("utf-8"), parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        return None


def refuse_constant(name: str) -> None:
    """Raise for NaN and infinities, which are not valid JSON."""
    raise ValueError(name)


def require_records(path: Path, schema: dict[str, Any], kind: str) -> None:
    """Raise if a file that is to be overwritten has other content.

    Raises:
        UsageError: it is not a file, or has content but no record.
    """
    if not os.path.lexists(path):
        return
    if not path.is_file():
        raise UsageError(f"{path} is not a file, but {kind} is to be written there")
    records = read_lines(path, schema)
    if records.skipped and not records.records:
        raise UsageError(
            f"{path} is not {kind} and was not changed: rename it or use another folder"
        )


def append(path: Path, records: Iterable[Record]) -> None:
    """Append records, each with one write and one fsync.

    An incomplete last line of an earlier run is terminated first, so that no other is lost.
    """
    for record in records:
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


def sayable(value: Any) -> Any:
    """Data that JSON and UTF-8 can represent.

    Infinities and NaN become None, lone surrogates the replacement character.
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    if isinstance(value, dict):
        return {sayable(key): sayable(item) for key, item in value.items()}
    return [sayable(item) for item in value] if isinstance(value, (list, tuple)) else value
