"""What every hook shares as a program: its errors are sentences, and an update never ends here.

Copier runs the hooks of an update before it brings a person's edits back: a hook that failed then
would leave a package without them. So during an update a problem is told, and the update goes on.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from answers import HookError
from writing import say


def run_hook(name: str, work: Callable[[], None], failure: int = 1) -> int:
    """The exit code of a hook's work: `failure` for a problem that a person can mend."""
    try:
        work()
    except (HookError, OSError) as error:
        return told(name, " ".join(str(error).split("\n")), failure)
    except Exception as error:
        if not updating():
            raise
        return told(name, f"{type(error).__name__}: {error}", failure)
    return 0


def told(name: str, problem: str, failure: int) -> int:
    """Say what went wrong; no failure while Copier updates."""
    say(f"{name}: {problem}")
    if updating():
        say(f"{name}: the update goes on, your files stay; mend this, then `copier recopy`")
        return 0
    return failure


def updating() -> bool:
    """Whether Copier runs this hook for an update."""
    return os.environ.get("COPIER_OPERATION") == "update"
