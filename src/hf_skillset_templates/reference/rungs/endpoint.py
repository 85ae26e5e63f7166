"""The return value of an initializer: five parts, none of which is fake."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any
from unittest.mock import NonCallableMock

from ..probe import Ended, Probe, described

PARTS = ("endpoint", "processor", "handler", "queue", "batch_size")
NEEDED = (0, 2)
"""Without an endpoint and a handler nothing runs; a model may have no processor."""


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
        return "gives a coroutine; an initializer is called synchronously"
    if not isinstance(opened, (tuple, list)):
        return f"gives {kind(opened)} in place of ({', '.join(PARTS)})"
    if len(opened) != len(PARTS):
        return f"gives {len(opened)} values in place of {len(PARTS)}: {kinds(opened)}"
    if missing := [PARTS[place] for place in NEEDED if opened[place] is None]:
        return f"gives None for {' and '.join(missing)}: {kinds(opened)}"
    return "" if callable(opened[2]) else f"its handler cannot be called: {kind(opened[2])}"


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
    """A checkpoint that does not exist raises."""
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
        raise Ended(f"gives a handler for a folder that is not there; it {ended}") from ended
    raise Ended(f"gives a handler for a folder that is not there; it answers {answer!r:.120}")


def kind(part: Any) -> str:
    """The class of a part, with where it comes from."""
    if part is None:
        return "None"
    where = type(part).__module__
    return type(part).__name__ if where == "builtins" else f"{where}.{type(part).__name__}"


def kinds(parts: Any) -> str:
    """The classes of several parts."""
    return ", ".join(map(kind, parts))
