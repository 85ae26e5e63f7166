"""The cells that a batch test runs: platforms, tasks, name patterns, a shard, finished cells."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from hf_skillset_templates.command_line import shortened
from hf_skillset_templates.errors import UsageError
from hf_skillset_templates.registry.store.entries import read_entry
from hf_skillset_templates.results.lines import read_lines
from hf_skillset_templates.results.records import FAILED, RESULT, Cell, cell_of, latest
from hf_skillset_templates.results.run_folder import RESULTS

from .packages import Package

WILD = "*?["
SHARD = re.compile(r"([1-9]\d{0,8})/([1-9]\d{0,8})", re.ASCII)


@dataclass(frozen=True)
class Shard:
    """One of `count` parts of the cells; a hash of its name assigns a cell to a part."""

    number: int
    """From 1."""
    count: int

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    def holds(self, cell: Cell) -> bool:
        """Whether this part contains a cell."""
        digest = hashlib.sha256(str(cell).encode()).digest()
        return int.from_bytes(digest[:8], "big") % self.count == self.number - 1


@dataclass(frozen=True)
class Choice:
    """The selection of the command line; empty fields select everything."""

    platforms: tuple[str, ...]
    tasks: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    """Names or patterns of packages or model types."""
    exclude: tuple[str, ...] = ()
    modality: str | None = None
    primary: bool = False
    among: frozenset[Cell] | None = None
    """Only these cells."""
    shard: Shard | None = None
    done: frozenset[Cell] = frozenset()
    """Cells that are not run again."""

    def takes(self, package: str, model_type: str) -> bool:
        """Whether a package is selected."""
        names = (package, model_type)
        if self.only and not matches(self.only, names):
            return False
        if matches(self.exclude, names):
            return False
        if self.modality is None:
            return True
        return bool(read_entry(model_type).get("modality") == self.modality)

    def cells(self, package: Package) -> list[Cell]:
        """The selected cells of a package, by task."""
        if not self.takes(package.name, package.model_type):
            return []
        chosen = [task for task in package.tasks if not self.tasks or task in self.tasks]
        selected = [
            Cell(package.model_type, task, platform)
            for task in chosen[: 1 if self.primary else None]
            for platform in self.platforms
        ]
        return [cell for cell in selected if self.runs(cell)]

    def runs(self, cell: Cell) -> bool:
        """Whether a cell is in the shard and in `among`, and not done."""
        listed = self.among is None or cell in self.among
        return listed and cell not in self.done and (self.shard is None or self.shard.holds(cell))


def matches(patterns: Iterable[str], names: Iterable[str]) -> bool:
    """Whether one of the names matches one of the patterns."""
    return any(fnmatchcase(name, pattern) for pattern in patterns for name in names)


def check_names(patterns: Iterable[str], names: Iterable[str]) -> None:
    """Check that every name without wildcards is one of `names`.

    Raises:
        UsageError: a name is unknown; similar ones are listed.
    """
    known = list(names)
    for name in patterns:
        if name not in known and not any(sign in name for sign in WILD):
            near = difflib.get_close_matches(name, known, n=3)
            hint = f"; similar names: {', '.join(near)}" if near else ""
            raise UsageError(f"unknown package or model type {shortened(name)}{hint}")


def parse_shard(text: str) -> Shard:
    """A shard from its text: `2/8` is the second of eight parts.

    Raises:
        UsageError: the text has another form.
    """
    match = SHARD.fullmatch(text)
    if not match or int(match[1]) > int(match[2]):
        raise UsageError(
            f"{shortened(text)} is not a shard: expected I/N with 1 <= I <= N, such as 2/8"
        )
    return Shard(int(match[1]), int(match[2]))


def failed_cells(path: Path) -> frozenset[Cell]:
    """The cells whose last record in a run's folder or results file is a failure.

    Raises:
        UsageError: there is no file, or it contains no records.
    """
    file = path / RESULTS if path.is_dir() else path
    records = read_lines(file, RESULT)
    if not records.records:
        raise UsageError(f"{file} has no results of a batch test")
    last = latest(records.records)
    return frozenset(cell for cell, record in last.items() if record["status"] == FAILED)


def done_cells(records: Iterable[dict[str, str]]) -> frozenset[Cell]:
    """The cells of records."""
    return frozenset(map(cell_of, records))
