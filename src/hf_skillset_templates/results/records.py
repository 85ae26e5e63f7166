"""The record of one cell: its fields, its key and its schema."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator

Record = dict[str, Any]
VERIFIED = ("REAL", "EMULATED")
FAILED = "FAILED"
STAGES = ("start", "config", "build", "load", "export", "compile", "run", "match")
"""The stages of a cell, in order; `export` and `compile` only where a platform has them."""


class Cell(NamedTuple):
    """One task of one model type on one platform."""

    model_type: str
    task: str
    platform: str
    module: str = ""
    """The module that was checked; empty for packages that were tested."""

    def __str__(self) -> str:
        return "/".join(self if self.module else self[:3])

    def named(self) -> dict[str, str]:
        """The fields of its record; without `module` if a package was tested."""
        fields = self._asdict()
        return fields if self.module else {name: fields[name] for name in self._fields[:3]}


def cell_of(record: Record) -> Cell:
    """The cell that a record is about."""
    return Cell(record["model_type"], record["task"], record["platform"], record.get("module", ""))


def row_name(record: Record) -> str:
    """The row name of a record: its model type, and the module if one was checked."""
    module = record.get("module")
    return f"{record['model_type']} · {module}" if module else str(record["model_type"])


def latest(records: list[Record]) -> dict[Cell, Record]:
    """The last record of each cell, in the order of the cells' first records."""
    return {cell_of(record): record for record in records}


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema of a `run` or a `result`."""
    text = files(__package__).joinpath("schemas", f"{name}.schema.json").read_text("utf-8")
    return dict(json.loads(text))


RESULT = schema("result")
NAME = RESULT["properties"]["model_type"]
"""The schema of the name of a model type or platform."""


@cache
def validator(name: str) -> Draft202012Validator:
    """The validator of `run` or `result`."""
    return Draft202012Validator(schema(name))


def problem(name: str, value: Any) -> str:
    """The first schema violation of a `run` or a `result`; empty if there is none."""
    for error in validator(name).iter_errors(value):
        where = "/".join(map(str, error.absolute_path)) or "(top)"
        return f"{where}: {error.message[:200]}"
    return ""
