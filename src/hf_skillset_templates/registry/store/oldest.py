"""registry/oldest.json: the oldest transformers that works with each model type, as measured."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from .entries import dump, write_text
from .paths import OLDEST

Table = dict[str, dict[str, Any]]
"""Model type -> `transformers`, the oldest release that passes; `cells`, how many ran with it,
`of` how many; `fails`, the next older release that was tried, and its `error`."""


def numbers(release: str) -> list[int]:
    """A release as something that sorts."""
    return [int(part) for part in re.findall(r"\d+", release)]


def read_table(path: Path = OLDEST) -> Table:
    """What is known; empty without the file."""
    return dict(json.loads(path.read_text("utf-8"))) if path.is_file() else {}


def write_table(table: Table, path: Path = OLDEST) -> bool:
    """Merge the table into the file, keeping other model types; False if nothing changes."""
    return write_text(path, dump(dict(sorted({**read_table(path), **table}.items()))))


def oldest_release(model_type: str) -> str | None:
    """The oldest release with which all cells of a model type ran; None if it is unknown."""
    known = _known().get(model_type, {})
    whole = known.get("cells") == known.get("of")
    return known["transformers"] if known and whole else None


@cache
def _known() -> Table:
    return read_table()
