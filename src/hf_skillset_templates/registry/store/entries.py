"""Registry entries on disk: JSON in one order of keys, written whole or not at all."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from .paths import MODELS

_PLAIN = r'\n\s+(?:[^\s\[\]{}"][^\n\[\]{}"]*|"[^"\n\\]*"),?'
_PLAIN_LIST = re.compile(rf"\[{_PLAIN}(?:{_PLAIN})*\n\s*\]")
# Facts first, then measurements by name.
ORDER = (
    "model_type", "package", "description", "modality", "default_checkpoint", "config_class",
    "part_of", "primary_task", "tasks", "processors", "dependencies", "transformers_version",
)  # fmt: skip


def dump(value: Any) -> str:
    """Indented JSON with short lists of plain values on one line."""
    return _PLAIN_LIST.sub(_on_one_line, json.dumps(value, indent=2, ensure_ascii=False)) + "\n"


def _on_one_line(match: re.Match[str]) -> str:
    line = " ".join(match[0].split()).replace("[ ", "[").replace(" ]", "]")
    return line if len(line) <= 80 else match[0]


def write_text(path: Path, content: str) -> bool:
    """Write a file atomically; False if it has this content already."""
    if path.is_file() and path.read_text(encoding="utf-8") == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(content, encoding="utf-8")
    os.replace(draft, path)
    return True


def entry_path(model_type: str) -> Path:
    return MODELS / f"{model_type}.json"


def read_entry(model_type: str) -> dict[str, Any]:
    """What is known of a model type; empty where nothing is yet."""
    path = entry_path(model_type)
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def in_order(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry with its keys in the one order; the order of its tasks is a fact and stays."""
    return {key: entry[key] for key in (*ORDER, *sorted(set(entry) - set(ORDER))) if key in entry}


def write_entry(entry: dict[str, Any]) -> bool:
    """Write an entry with its keys in order; False where nothing changed."""
    return write_text(entry_path(entry["model_type"]), dump(in_order(entry)))
