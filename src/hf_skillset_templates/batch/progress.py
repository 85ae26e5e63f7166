"""Progress on stderr: a bar on a terminal, plain lines in a log."""

from __future__ import annotations

import sys
from collections import Counter
from types import TracebackType
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

LINES = 20
"""How many lines a log gets for a whole run, beside the failures."""


class Outcome(Protocol):
    """What progress is told of."""

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
