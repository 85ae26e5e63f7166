"""Pages that a person writes, with a section that is generated."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def with_section(path: Path, begin: str, end: str, lines: Iterable[str]) -> str:
    """The page with other lines between its two marks."""
    before, _, rest = path.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(end)
    content = "\n".join(lines)
    return f"{before}{begin}\n{content}\n{end}{after}"
