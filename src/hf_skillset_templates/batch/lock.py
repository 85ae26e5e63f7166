"""Locks: only one batch at a time uses a folder."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from hf_skillset_templates.errors import UsageError


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path`, and remove it at the end; a killed process releases it.

    Raises:
        UsageError: another process holds it; the message names the process and its machine.
    """
    lock = FileLock(path, blocking=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise UsageError(
            f"{path.parent} is in use by {holder(path)}: wait until it ends"
        ) from error
    try:
        note = {"pid": os.getpid(), "host": socket.gethostname(), "command": sys.argv[0]}
        note_of(path).write_text(json.dumps(note), encoding="utf-8")
        yield
    finally:
        # Removed while locked: a process that opened the old file notices that it was unlinked.
        note_of(path).unlink(missing_ok=True)
        with suppress(PermissionError):  # Windows removes no file that is open
            path.unlink(missing_ok=True)
        lock.release()


def note_of(path: Path) -> Path:
    """The file that names the holder of a lock; Windows does not let others read a locked file."""
    return path.with_name(f"{path.name}.holder")


def holder(path: Path) -> str:
    """A description of the holder of a lock."""
    try:
        note = json.loads(note_of(path).read_text(encoding="utf-8"))
        return f"process {note['pid']} on {note['host']} ({Path(note['command']).name})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
