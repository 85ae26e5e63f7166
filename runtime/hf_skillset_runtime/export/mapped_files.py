"""Memory of files that are mapped into the process."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

MAPS = Path("/proc/self/maps")
DROP, PAGE_OUT = 4, 21
"""Advice for `madvise`: forget unchanged pages at once; reclaim pages, changed ones to swap."""


def release(paths: Iterable[Path]) -> None:
    """Give back the memory of mapped files; what is used again is read again.

    Weights that a runtime has rearranged for itself would otherwise be in memory twice. Linux
    only; elsewhere nothing happens.
    """
    if sys.platform != "linux" or not MAPS.is_file():
        return
    files = {str(path.resolve()) for path in paths}
    libc = ctypes.CDLL(None)
    for start, size, writable in mappings(files):
        advice = PAGE_OUT if writable else DROP  # a private page may have been changed
        libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(size), advice)


def mappings(files: set[str]) -> Iterator[tuple[int, int, bool]]:
    """The first address, the size in bytes and whether it is writable, of each mapping."""
    for line in MAPS.read_text("utf-8").splitlines():
        addresses, permissions, *others = line.split(maxsplit=5)
        if others[-1] in files:
            start, end = (int(address, 16) for address in addresses.split("-"))
            yield start, end - start, "w" in permissions
