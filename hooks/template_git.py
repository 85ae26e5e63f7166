"""The git version of the template that these hooks belong to, and files of other versions."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def git(*arguments: str) -> bytes | None:
    """The output of git in the template's own repository; None if there is none, or git fails."""
    return git_in(ROOT, *arguments) if (ROOT / ".git").exists() else None


def git_in(folder: Path, *arguments: str) -> bytes | None:
    """The output of git in a folder, independent of the caller's repository; None if it fails."""
    try:
        local = subprocess.run(["git", "rev-parse", "--local-env-vars"], capture_output=True)
        omitted = local.stdout.decode().split()
        variables = {name: value for name, value in os.environ.items() if name not in omitted}
        command = ["git", "-C", str(folder), *arguments]
        completed = subprocess.run(command, capture_output=True, env=variables)
    except OSError:
        return None
    return completed.stdout if completed.returncode == 0 else None


def version() -> str | None:
    """The version as Copier records it: `git describe --tags --always`; None without git."""
    described = git("describe", "--tags", "--always")
    return described.decode().strip() if described is not None else None


def clone_origin() -> str | None:
    """The URL or path that this clone was made from; None if it is not a clone."""
    url = git("config", "--get", "remote.origin.url")
    return os.fsdecode(url).removesuffix("\n") or None if url is not None else None


def unpack(wanted: str, parts: tuple[str, ...], folder: Path) -> bool:
    """Extract parts of another version into a folder; False if that version is unavailable."""
    archive = git("archive", "--format=tar", wanted, "--", *parts)
    if archive is None:
        return False
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        if hasattr(tarfile, "data_filter"):
            files.extractall(folder, filter="data")
        else:
            files.extractall(folder)
    return True
