"""Thread safety: locks of models and exports, and the pool of processors."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition, Lock, RLock, get_ident
from typing import Any
from weakref import WeakKeyDictionary

MAX_COPIES = 4
"""Largest number of copies of a processor: one per core is enough, and each has a vocabulary."""


class Gate:
    """A readers-writer lock: many threads share it, or one holds it exclusively."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._inside: dict[int, int] = {}
        self._alone: int | None = None
        self._waiting = 0

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Hold the lock shared; blocks while a thread holds it, or waits for it, exclusively."""
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
        """Hold the lock exclusively; the thread's own shared hold is released meanwhile."""
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
a thread that does so holds it exclusively, and threads that compute in torch share it."""


_LOCKS: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
_REGISTERING = Lock()


def lock_of(model: Any) -> Any:
    """The lock of a model: one for all handlers that run it."""
    with _REGISTERING:
        return _LOCKS.setdefault(model, RLock())


class Pool:
    """A processor and copies of it, each used by one thread at a time.

    Tokenizers store truncation, padding and languages of a call as state. A copy is made when
    two threads need the processor at once, by the one that holds it; a processor that cannot
    be copied is used by one thread after the other. The pool references the copies only: it
    must not keep the processor alive.
    """

    def __init__(self, most: int = MAX_COPIES) -> None:
        self._free: deque[Any] = deque([ORIGINAL])
        self._changed = Condition()
        self._waiting = 0
        self._left = most - 1

    @contextmanager
    def lent(self, original: Any) -> Iterator[Any]:
        """The processor or a copy of it, exclusively for this thread."""
        with self._changed:
            self._waiting += 1
            self._changed.wait_for(lambda: self._free)
            self._waiting -= 1
            place = self._free.pop()
            needed = self._waiting > 0 and self._left > 0
            self._left -= needed
        mine = original if place is ORIGINAL else place
        try:
            if needed:
                self._add_copy(mine)
            yield mine
        finally:
            self._give_back(place)

    def _add_copy(self, held: Any) -> None:
        try:
            self._give_back(copy.deepcopy(held))
        except Exception:  # copying may raise any exception
            with self._changed:
                self._left = 0

    def _give_back(self, place: Any) -> None:
        with self._changed:
            self._free.append(place)
            self._changed.notify()


ORIGINAL = object()
"""Placeholder in a pool for the original processor."""
_POOLS: WeakKeyDictionary[Any, Pool] = WeakKeyDictionary()
_OTHERS = Pool(most=1)
"""Pools of processors that do not support weak references."""


@contextmanager
def lent(processor: Any) -> Iterator[Any]:
    """A processor, or a copy of it, that no other thread uses inside the block."""
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
