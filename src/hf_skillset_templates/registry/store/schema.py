"""Checks registry entries against registry/schema.json and against each other."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from .paths import MODELS, REGISTRY


@cache
def validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads((REGISTRY / "schema.json").read_text(encoding="utf-8")))


def problems(entry: dict[str, Any]) -> list[str]:
    """What is wrong with an entry, one line each; empty where nothing is."""
    lines = [
        f"{'/'.join(map(str, error.absolute_path)) or '(top)'}: {error.message}"
        for error in sorted(
            validator().iter_errors(entry), key=lambda error: list(map(str, error.absolute_path))
        )
    ]
    tasks = entry.get("tasks") or {}
    if tasks and entry.get("primary_task") != next(iter(tasks)):
        lines.append(f"primary_task: {entry.get('primary_task')!r} is not the first task")
    return lines


def all_problems(folder: Path = MODELS) -> dict[str, list[str]]:
    """Model type -> the problems of its entry, if there are any."""
    by_type = {}
    for path in sorted(folder.glob("*.json")):
        entry = json.loads(path.read_text(encoding="utf-8"))
        wrong = problems(entry)
        if entry.get("model_type") != path.stem:
            wrong.append(f"model_type: {entry.get('model_type')!r} in {path.name}")
        if wrong:
            by_type[path.stem] = wrong
    return by_type
