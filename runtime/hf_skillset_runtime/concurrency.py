"""What calls from several threads share, and what only one of them may use at a time."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition, get_ident
from typing import Any

MAX_COPIES = 4
"""Copies of a processor; more of them than cores bring nothing, and each holds a vocabulary."""


class Gate:
    """Many threads may be inside together, or one of them alone."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._inside: dict[int, int] = {}
        self._alone: int | None = None
        self._waiting = 0

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Be inside with others; waits while somebody is, or wants to be, alone."""
        me = get_ident()
        with self._changed:
            if me not in self._inside and self._alone != me:
                self._changed.wait_for(lambda: self._alone is None and not self._waiting)
            self._inside[me] = self._inside.get(me, 0) + 1
        try:
            yield
        finally:
            with self._changed:
                self._inside[me] -= 1
                if not self._inside[me]:
                    del self._inside[me]
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be inside alone; a thread that is inside already gives its place up for that long."""
        me = get_ident()
        if self._alone == me:
            yield
            return
        with self._changed:
            places = self._inside.pop(me, 0)
            self._waiting += 1
            self._changed.notify_all()
            try:
                self._changed.wait_for(lambda: self._alone is None and not self._inside)
                self._alone = me
            finally:
                self._waiting -= 1
        try:
            yield
        finally:
            with self._changed:
                self._alone = None
                if places:
                    self._inside[me] = places
                self._changed.notify_all()


PROCESS = Gate()
"""Exporting patches classes of torch and transformers, loading changes torch's default dtype:
whoever does so is here alone, and whoever computes in torch shares it."""


class Pool:
    """A processor and copies of it, each lent to one thread at a time.

    Tokenizers keep truncation, padding and languages of a call in themselves. A copy is made
    when two threads want the processor at once, by the one that holds it; what cannot be
    copied is lent to one thread after the other.
    """

    def __init__(self, original: Any, most: int = MAX_COPIES) -> None:
        self.original = original
        self._free = deque([original])
        self._changed = Condition()
        self._waiting = 0
        self._copies = most - 1

    @contextmanager
    def lent(self) -> Iterator[Any]:
        """The processor or a copy of it, for this thread alone."""
        with self._changed:
            self._waiting += 1
            self._changed.wait_for(lambda: self._free)
            self._waiting -= 1
            mine = self._free.pop()
            wanted = self._waiting > 0 and self._copies > 0
            self._copies -= wanted
        try:
            if wanted:
                self._add_copy(mine)
            yield mine
        finally:
            self._give_back(mine)

    def _add_copy(self, held: Any) -> None:
        try:
            self._give_back(copy.deepcopy(held))
        except Exception:  # classes refuse to be copied in every way that Python knows
            with self._changed:
                self._copies = 0

    def _give_back(self, processor: Any) -> None:
        with self._changed:
            self._free.append(processor)
            self._changed.notify()
