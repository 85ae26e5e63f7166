"""The cache of exported graphs: one folder for each checkpoint and set of options."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..hub import hub_options

CACHE_VARIABLE = "HF_SKILLSET_CACHE"
BLOCK = 1 << 20
DRAFT = ".draft-"
ABANDONED = 24 * 60 * 60
"""Seconds after which a temporary folder counts as abandoned."""


def export_folder(
    checkpoint: str,
    platform: str,
    facts: Iterable[Any],
    packages: Iterable[str],
    metadata: Mapping[str, Any],
) -> Path:
    """The folder for the exports of one checkpoint, named by a hash of its content.

    Args:
        checkpoint: hub id or local folder.
        facts: other settings that the exports depend on (task, precision, ...).
        packages: distributions whose versions the exports depend on.
        metadata: `export_dir` is the parent folder of all exports; by default
            the environment variable `HF_SKILLSET_CACHE`, or `~/.cache/hf_skillset`. Also the hub's
            options (`HUB_OPTIONS`).
    """
    versions = {name: version(name) for name in packages}
    digest = hashlib.sha256(json.dumps([list(facts), versions]).encode())
    for path in sorted(checkpoint_folder(checkpoint, metadata).iterdir()):
        if path.is_file():
            digest.update(path.name.encode() + file_digest(path))
    default = os.environ.get(CACHE_VARIABLE) or Path.home() / ".cache" / "hf_skillset"
    folder = Path(metadata.get("export_dir") or default) / platform / digest.hexdigest()[:32]
    folder.mkdir(parents=True, exist_ok=True)
    remove_abandoned(folder)
    return folder


def checkpoint_folder(checkpoint: str, metadata: Mapping[str, Any]) -> Path:
    """The local folder of a checkpoint: itself, or its snapshot in the hub's cache."""
    from transformers.utils import cached_file

    config_file = cached_file(checkpoint, "config.json", **hub_options(metadata))
    return Path(str(config_file)).parent


def file_digest(path: Path) -> bytes:
    """SHA-256 of a file, read in blocks."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.digest()


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A temporary folder that is renamed to `folder` if the block ends without error.

    The rename is atomic. If another process has written the same folder meanwhile, that one is
    kept.
    """
    draft = folder.with_name(f"{DRAFT}{uuid.uuid4().hex}")
    draft.mkdir()
    try:
        yield draft
        with suppress(OSError):
            draft.rename(folder)
        if not folder.is_dir():
            raise FileNotFoundError(f"cannot write to {folder}")
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def remove_abandoned(folder: Path) -> None:
    """Remove the temporary folders of processes that ended while writing."""
    for draft in folder.glob(f"{DRAFT}*"):
        with suppress(OSError):
            if time.time() - draft.stat().st_mtime > ABANDONED:
                shutil.rmtree(draft, ignore_errors=True)


def write_whole(path: Path, text: str) -> None:
    """Write a file atomically."""
    draft = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    draft.write_text(text, "utf-8")
    draft.replace(path)


def short_digest(text: str) -> str:
    """A short hash of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]
