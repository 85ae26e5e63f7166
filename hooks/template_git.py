"""Which version of the template these hooks belong to, and other versions of it."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def git(*arguments: str) -> bytes | None:
    """What git says of the template's own repository; None where there is none, or it refuses."""
    if not (ROOT / ".git").exists():
        return None
    try:
        local = subprocess.run(["git", "rev-parse", "--local-env-vars"], capture_output=True)
        ties = local.stdout.decode().split()
        variables = {name: value for name, value in os.environ.items() if name not in ties}
        command = ["git", "-C", str(ROOT), *arguments]
        found = subprocess.run(command, capture_output=True, env=variables)
    except OSError:
        return None
    return found.stdout if found.returncode == 0 else None


def version() -> str | None:
    """The version as Copier records it: the tag, or the tag and the commits since."""
    described = git("describe", "--tags", "--always")
    return described.decode().strip() if described is not None else None


def clone_origin() -> str | None:
    """Where this clone was made from, which git keeps; None where it is no clone."""
    found = git("config", "--get", "remote.origin.url")
    return os.fsdecode(found).removesuffix("\n") or None if found is not None else None


def unpack(wanted: str, parts: tuple[str, ...], folder: Path) -> bool:
    """Put parts of another version into a folder; False where that version is not there."""
    archive = git("archive", "--format=tar", wanted, "--", *parts)
    if archive is None:
        return False
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        if hasattr(tarfile, "data_filter"):
            files.extractall(folder, filter="data")
        else:
            files.extractall(folder)
    return True
