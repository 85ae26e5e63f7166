"""Writes files into a package, which may contain a user's edits and symbolic links."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from answers import HookError


class Writer:
    """Writes a package's files.

    Args:
        keep: do not overwrite existing files with different content; list them in `kept`.
    """

    def __init__(self, package: Path, keep: bool) -> None:
        self.package, self.keep = package, keep
        self.kept: list[Path] = []
        self.written: list[Path] = []

    def write(self, path: Path, content: bytes) -> None:
        """Write one file as bytes, creating its folder.

        Raises:
            HookError: the path is outside of the package, through a symbolic link.
        """
        require_inside(self.package, path)
        self.written.append(path)
        if path.is_file() and path.read_bytes() == content:
            return
        if self.keep and os.path.lexists(path):
            self.kept.append(path)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():  # its target must not be overwritten
            path.unlink()
        path.write_bytes(content)

    def write_text(self, path: Path, text: str) -> None:
        """Write a text file in UTF-8 with the same line endings on every system."""
        self.write(path, text.encode("utf-8"))

    def copy(self, source: Path, target: Path) -> None:
        """Copy a file."""
        self.write(target, source.read_bytes())

    def tell(self) -> None:
        """Print the names of the files in `kept`."""
        names = ", ".join(sorted(self.relative(path) for path in self.kept))
        if names:
            say(f"kept, although they differ from the template: {names}")

    def relative(self, path: Path) -> str:
        """A file's name within the package."""
        return path.relative_to(self.package).as_posix()


def require_inside(package: Path, path: Path) -> None:
    """Raise HookError if a symbolic link leads out of the package."""
    if not path.parent.resolve().is_relative_to(package.resolve()):
        raise HookError(f"{path} was not written: a symbolic link leads out of the package")


def say(text: str) -> None:
    """Print a line to stderr for the user."""
    print(text, file=sys.stderr, flush=True)
