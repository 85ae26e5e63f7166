"""Files of one JSON object a line: each line is checked, and what is no record is counted."""

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
NAME = {"type": "string", "pattern": r"^[A-Za-z0-9_.-]+$", "maxLength": 200}
NUMBER = {"type": ["number", "null"]}
"""None where what was measured is not finite."""
OUTCOME: dict[str, Any] = {
    "type": "object",
    "required": ["model_type", "status"],
    "properties": {
        "model_type": NAME,
        "status": {"enum": ["generated", "skipped", "failed"]},
    },
}
"""A line of a batch's journal."""
CELL: dict[str, Any] = {
    "type": "object",
    "required": ["model_type", "task", "platform", "status", "stage", "detail"],
    "properties": {
        "model_type": NAME,
        "task": {"type": "string"},
        "platform": NAME,
        "status": {"type": "string", "pattern": r"^[A-Z][A-Z -]*$"},
        "stage": {"type": "string"},
        "detail": {"type": "string"},
        "seconds": {"type": "number", "minimum": 0},
        "in_parts": {"type": "boolean"},
        "parity": {
            "type": "object",
            "additionalProperties": False,
            "required": ["max_error", "cosine", "tolerance", "tie"],
            "properties": {
                "max_error": NUMBER,
                "cosine": NUMBER,
                "tolerance": NUMBER,
                "tie": {"type": "string"},
            },
        },
    },
}
"""A line of a batch test's results."""


@dataclass(frozen=True)
class Lines:
    """What a file of records holds."""

    records: list[Record] = field(default_factory=list)
    skipped: int = 0
    """Lines that are no such record."""


def read_lines(path: Path, schema: dict[str, Any]) -> Lines:
    """The records of a file that fit a schema; empty where there is no file."""
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
    """Whether a value fits; compiled once for each schema."""
    check: Callable[[Any], bool] = Draft202012Validator(json.loads(schema)).is_valid
    return check


def parsed(line: bytes) -> Any:
    """The JSON of a line; None where it is none, or more than one of its kind ever holds."""
    try:
        return json.loads(line.decode("utf-8"), parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        return None


def refuse_constant(name: str) -> None:
    """NaN and the infinities are no JSON, and no entry can hold them."""
    raise ValueError(name)


def require_records(path: Path, schema: dict[str, Any], what: str) -> None:
    """Raise where a file that is to be written anew holds something else.

    Raises:
        UsageError: it is no file, or has content and not one record.
    """
    if not os.path.lexists(path):
        return
    if not path.is_file():
        raise UsageError(f"{path} is no file: it is where {what} are written")
    found = read_lines(path, schema)
    if found.skipped and not found.records:
        raise UsageError(
            f"{path} holds no {what} and stays as it is: rename it, or name another file"
        )


def append(path: Path, records: Iterable[Record]) -> None:
    """Add records with one write each, so that a killed run tears no line but the last."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        torn = (
            os.fstat(descriptor).st_size
            and os.pread(descriptor, 1, os.fstat(descriptor).st_size - 1) != b"\n"
        )
        for record in records:
            line = json.dumps(finite(record), allow_nan=False) + "\n"
            os.write(descriptor, b"\n" * bool(torn) + line.encode())
            torn = False
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def finite(value: Any) -> Any:
    """JSON-compatible data in which no number is infinite or undefined: those become None."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    return [finite(item) for item in value] if isinstance(value, list) else value
