"""Progress on stderr: a bar on a terminal, plain lines in a log."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

EACH_S = 60
"""Seconds between two lines of a log."""
LINES = 20
"""Number of lines in the log of a run, besides the failures."""


class Outcome(Protocol):
    """The outcome of one package, as progress shows it."""

    @property
    def model_type(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def error(self) -> str: ...


class BatchProgress:
    """Context manager; `advance` is called once for each finished package."""

    def __init__(self, total: int, verb: str, quiet: bool = False) -> None:
        self.total = total
        self.counts: Counter[str] = Counter()
        self.quiet = quiet
        self.console = Console(stderr=True)
        self.bar = Progress(
            TextColumn(verb),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[current]}"),
            TimeRemainingColumn(),
            console=self.console,
            disable=quiet or not self.console.is_terminal,
        )
        self.task = self.bar.add_task(verb, total=total, current="")

    def __enter__(self) -> BatchProgress:
        self.bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.bar.stop()

    def advance(self, outcome: Outcome) -> None:
        """Count one finished package and show it."""
        self.counts[outcome.status] += 1
        done = self.counts.total()
        self.bar.update(self.task, advance=1, current=outcome.model_type)
        if self.quiet:
            return
        if outcome.error:
            self.console.print(
                f"{outcome.model_type}: {outcome.error}",
                markup=False,
                highlight=False,
                soft_wrap=True,
            )
        elif not self.console.is_terminal and (done * LINES // self.total) > (
            (done - 1) * LINES // self.total
        ):
            summary = ", ".join(f"{count} {status}" for status, count in self.counts.items())
            print(f"{done}/{self.total}: {summary}", file=sys.stderr)


class CellProgress:
    """Progress of cells: done, failed, left, and the remaining time.

    A bar on a terminal, a line each minute in a log.
    """

    def __init__(self, total: int, quiet: bool = False) -> None:
        self.total = total
        self.done = self.failed = 0
        self.quiet = quiet
        self.console = Console(stderr=True)
        self.started = self.told = time.monotonic()
        self.bar = Progress(
            TextColumn("testing"),
            BarColumn(),
            TextColumn("{task.fields[numbers]}"),
            TimeRemainingColumn(),
            console=self.console,
            disable=quiet or not self.console.is_terminal,
        )
        self.task = self.bar.add_task("testing", total=total, numbers=self.numbers())

    def __enter__(self) -> CellProgress:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()
        if not self.quiet and not self.console.is_terminal:
            self.tell()

    def numbers(self) -> str:
        """The counts as text."""
        return f"{self.done} done, {self.failed} failed, {self.total - self.done} left"

    def advance(self, record: Mapping[str, Any]) -> None:
        """Count one finished cell and show it."""
        self.done += 1
        self.failed += record["status"] == "FAILED"
        self.bar.update(self.task, advance=1, numbers=self.numbers())
        log = not self.quiet and not self.console.is_terminal
        if log and time.monotonic() - self.told >= EACH_S:
            self.tell()

    def tell(self) -> None:
        """Print one line of the log."""
        self.told = time.monotonic()
        spent = self.told - self.started
        seconds_left = spent / self.done * (self.total - self.done) if self.done else None
        remaining = (
            ""
            if seconds_left is None or not seconds_left
            else f", about {seconds_left / 60:.0f} min"
        )
        print(f"{self.numbers()}{remaining}", file=sys.stderr, flush=True)
