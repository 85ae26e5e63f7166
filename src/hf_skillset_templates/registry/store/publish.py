"""Puts results where they belong, whole or not at all, and only where a byte changed."""

from __future__ import annotations

import filecmp
import json
import os
import shutil
from pathlib import Path
from typing import Any

from .entries import dump, in_order, write_text


def merge_entry(path: Path, values: dict[str, Any]) -> bool:
    """Sets some keys of a JSON entry and leaves the others alone."""
    entry = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    entry.update(json.loads(json.dumps(values, sort_keys=True)))
    return write_text(path, dump(in_order(entry)))


def publish_folder(staged: Path, target: Path) -> bool:
    """Moves a staged folder of plain files to its place; False when nothing differs."""
    if target.exists() and same_files(staged, target):
        shutil.rmtree(staged)
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    retired = staged.with_name(f"{staged.name}.retired")
    if target.exists():
        os.replace(target, retired)
    os.replace(staged, target)
    shutil.rmtree(retired, ignore_errors=True)
    return True


def same_files(one: Path, other: Path) -> bool:
    """Whether two folders have identical files."""
    names = [
        {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
        for folder in (one, other)
    ]
    return names[0] == names[1] and all(
        filecmp.cmp(one / n, other / n, shallow=False) for n in names[0]
    )
