"""Writes files into a package, which may contain a user's edits and links to files elsewhere."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from answers import HookError


class Writer:
    """Writes a package's files.

    Args:
        keep: leave a file that is there with other content as it is, and remember it.
    """

    def __init__(self, package: Path, keep: bool) -> None:
        self.package, self.keep = package, keep
        self.kept: list[Path] = []
        self.written: list[Path] = []

    def write(self, path: Path, content: bytes) -> None:
        """Write one file as bytes, creating its folder; the result is the same for every run."""
        require_inside(self.package, path)
        self.written.append(path)
        if path.is_file() and path.read_bytes() == content:
            return
        if self.keep and os.path.lexists(path):
            self.kept.append(path)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():  # a link's target must not be overwritten
            path.unlink()
        path.write_bytes(content)

    def write_text(self, path: Path, text: str) -> None:
        """Write a text file in UTF-8, with the line ends that it has everywhere."""
        self.write(path, text.encode("utf-8"))

    def copy(self, source: Path, target: Path) -> None:
        """Copy a file."""
        self.write(target, source.read_bytes())

    def tell(self) -> None:
        """Print the names of files that were not changed."""
        names = ", ".join(sorted(self.relative(path) for path in self.kept))
        if names:
            say(f"left as they are, though the template has other content: {names}")

    def relative(self, path: Path) -> str:
        """A file's name within the package."""
        return path.relative_to(self.package).as_posix()


def require_inside(package: Path, path: Path) -> None:
    """Raise where a linked folder would lead a file out of the package."""
    if not path.parent.resolve().is_relative_to(package.resolve()):
        raise HookError(f"{path} leads out of the package by a link, and nothing is written there")


def say(text: str) -> None:
    """Print a line to stderr for the user."""
    print(text, file=sys.stderr, flush=True)
