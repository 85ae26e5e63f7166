# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""What calls from several threads share, and what only one of them may use at a time."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition, Lock, RLock, get_ident
from typing import Any
from weakref import WeakKeyDictionary

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


_LOCKS: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
_REGISTERING = Lock()


def lock_of(model: Any) -> Any:
    """The lock of a model: one for all handlers that run it."""
    with _REGISTERING:
        return _LOCKS.setdefault(model, RLock())


class Pool:
    """A processor and copies of it, each lent to one thread at a time.

    Tokenizers keep truncation, padding and languages of a call in themselves. A copy is made
    when two threads want the processor at once, by the one that holds it; what cannot be
    copied is lent to one thread after the other. The pool keeps the copies alone: it must not
    keep the processor alive.
    """

    def __init__(self, most: int = MAX_COPIES) -> None:
        self._free: deque[Any] = deque([ORIGINAL])
        self._changed = Condition()
        self._waiting = 0
        self._left = most - 1

    @contextmanager
    def lent(self, original: Any) -> Iterator[Any]:
        """The processor or a copy of it, for this thread alone."""
        with self._changed:
            self._waiting += 1
            self._changed.wait_for(lambda: self._free)
            self._waiting -= 1
            place = self._free.pop()
            wanted = self._waiting > 0 and self._left > 0
            self._left -= wanted
        mine = original if place is ORIGINAL else place
        try:
            if wanted:
                self._add_copy(mine)
            yield mine
        finally:
            self._give_back(place)

    def _add_copy(self, held: Any) -> None:
        try:
            self._give_back(copy.deepcopy(held))
        except Exception:  # classes refuse to be copied in every way that Python knows
            with self._changed:
                self._left = 0

    def _give_back(self, place: Any) -> None:
        with self._changed:
            self._free.append(place)
            self._changed.notify()


ORIGINAL = object()
"""Stands in a pool for the processor that the pool is for."""
_POOLS: WeakKeyDictionary[Any, Pool] = WeakKeyDictionary()
_OTHERS = Pool(most=1)
"""Of processors that no weak reference can be made to."""


@contextmanager
def lent(processor: Any) -> Iterator[Any]:
    """A processor, or a copy of it, that no other thread uses meanwhile."""
    if processor is None:
        yield None
        return
    try:
        with _REGISTERING:
            pool = _POOLS.setdefault(processor, Pool())
    except TypeError:
        pool = _OTHERS
    with pool.lent(processor) as mine:
        yield mine
