"""The return value of an initializer: five values, none of which is fake."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any
from unittest.mock import NonCallableMock

from ..probe import Ended, Probe, described

PARTS = ("endpoint", "processor", "handler", "queue", "batch_size")
NEEDED = (0, 2)
"""The required ones: endpoint and handler. A model may have no processor."""


def initialises(probe: Probe) -> str:
    """The initializer returns endpoint, processor, handler, queue and batch size."""
    try:
        opened = probe.open(probe.prepared.checkpoints[0])
    except Exception as error:
        raise Ended(f"raises {described(error)}") from error
    if problem := wrong_tuple(opened):
        raise Ended(problem)
    probe.opened = tuple(opened)
    return ", ".join(f"{name}: {kind(part)}" for name, part in zip(PARTS, opened))


def wrong_tuple(opened: Any) -> str:
    """Why the return value of an initializer is not the expected tuple; empty if it is."""
    if inspect.isawaitable(opened):
        close = getattr(opened, "close", None)
        if close is not None:
            close()
        return "returns a coroutine; initializers must be synchronous"
    if not isinstance(opened, (tuple, list)):
        return f"returns {kind(opened)}; expected ({', '.join(PARTS)})"
    if len(opened) != len(PARTS):
        return f"returns {len(opened)} values; expected {len(PARTS)}: {kinds(opened)}"
    if missing := [PARTS[place] for place in NEEDED if opened[place] is None]:
        return f"returns None for {' and '.join(missing)}: {kinds(opened)}"
    return "" if callable(opened[2]) else f"its handler is not callable: {kind(opened[2])}"


def has_real_parts(probe: Probe) -> str:
    """Endpoint and processor come from a library, or contain an object that does."""
    for name, part in zip(PARTS[:3], probe.opened):
        if isinstance(part, NonCallableMock):
            raise Ended(f"the {name} is a {kind(part)}")
        if name != "handler" and is_own(part, probe) and not holds_another(part, probe):
            raise Ended(f"the {name} is a {kind(part)}, a class of the module itself")
    return "endpoint and processor come from libraries"


def is_own(part: Any, probe: Probe) -> bool:
    """Whether a part is an object of a class that the checked module defines."""
    assert probe.module is not None
    defined = getattr(part if inspect.isfunction(part) else type(part), "__module__", None) or ""
    return f"{defined}.".startswith(f"{probe.module.__name__}.")


def holds_another(part: Any, probe: Probe) -> bool:
    """Whether an object of the module has an attribute that is an object of a library."""
    plain = (str, bytes, int, float, bool, list, tuple, dict, set, type(None), NonCallableMock)
    held = (value for value in getattr(part, "__dict__", {}).values())
    return any(not isinstance(value, plain) and not is_own(value, probe) for value in held)


def needs_a_checkpoint(probe: Probe) -> str:
    """Loading a checkpoint that does not exist fails."""
    missing = str(probe.workspace / "no-such-checkpoint")
    assert not Path(missing).exists()
    try:
        opened = probe.open(missing)
    except Exception as error:
        return f"refused: {described(error)}"
    if problem := wrong_tuple(opened):
        return f"no endpoint: {problem}"
    try:
        answer = probe.ask(0, opened[2])
    except Ended as ended:
        raise Ended(f"returns a handler for a folder that does not exist; it {ended}") from ended
    raise Ended(f"returns a handler for a folder that does not exist; its result: {answer!r:.120}")


def kind(part: Any) -> str:
    """The class of a value, with its module."""
    if part is None:
        return "None"
    where = type(part).__module__
    return type(part).__name__ if where == "builtins" else f"{where}.{type(part).__name__}"


def kinds(parts: Any) -> str:
    """The classes of several values."""
    return ", ".join(map(kind, parts))
