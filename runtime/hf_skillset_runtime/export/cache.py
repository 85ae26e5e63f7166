"""Where exported graphs are kept: one folder for what they were made from."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

CACHE_VARIABLE = "HF_SKILLSET_CACHE"
BLOCK = 1 << 20


def export_folder(
    checkpoint: str,
    platform: str,
    facts: Iterable[Any],
    packages: Iterable[str],
    metadata: Mapping[str, Any],
) -> Path:
    """The folder for the exports of one checkpoint; another content gets another folder.

    Args:
        checkpoint: hub id or local folder.
        facts: what else the exports depend on (task, precision, ...).
        packages: distributions whose version the exports depend on.
        metadata: `cache_dir` names the folder that holds all exports. Without it that is
            the environment's `HF_SKILLSET_CACHE`, or `~/.cache/hf_skillset`.
    """
    versions = {name: version(name) for name in packages}
    digest = hashlib.sha256(json.dumps([list(facts), versions]).encode())
    for path in sorted(checkpoint_folder(checkpoint).iterdir()):
        if path.is_file():
            digest.update(path.name.encode() + file_digest(path))
    default = os.environ.get(CACHE_VARIABLE) or Path.home() / ".cache" / "hf_skillset"
    folder = Path(metadata.get("cache_dir") or default) / platform / digest.hexdigest()[:32]
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def checkpoint_folder(checkpoint: str) -> Path:
    """The local folder of a checkpoint: itself, or its snapshot in the hub's cache."""
    from transformers.utils import cached_file

    return Path(cached_file(checkpoint, "config.json")).parent


def file_digest(path: Path) -> bytes:
    """SHA-256 of a file, read in blocks."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.digest()


def write_whole(path: Path, text: str) -> None:
    """Write a file that others see complete or not at all."""
    draft = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    draft.write_text(text, "utf-8")
    draft.replace(path)
