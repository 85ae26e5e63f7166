"""Writes files into a package, which may hold a person's edits."""

from __future__ import annotations

import sys
from pathlib import Path


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
        """Write one file, making its folder; its bytes only, so that every run gives the same."""
        self.written.append(path)
        there = path.read_bytes() if path.is_file() else None
        if there == content:
            return
        if self.keep and there is not None:
            self.kept.append(path)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def write_text(self, path: Path, text: str) -> None:
        """Write a text file in UTF-8, with the line ends that it has everywhere."""
        self.write(path, text.encode("utf-8"))

    def copy(self, source: Path, target: Path) -> None:
        """Copy a file."""
        self.write(target, source.read_bytes())

    def tell(self) -> None:
        """Name what was left as it is."""
        names = ", ".join(sorted(self.relative(path) for path in self.kept))
        if names:
            say(f"left as they are, though the template has other content: {names}")

    def relative(self, path: Path) -> str:
        """A file's name within the package."""
        return path.relative_to(self.package).as_posix()


def say(text: str) -> None:
    """Print a line for the person."""
    print(text, file=sys.stderr, flush=True)
