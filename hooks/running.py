"""Entry point of the hooks: errors are one sentence, and do not abort an update.

Copier runs the hooks of an update before it restores the user's edits, so a failing hook would lose
them. During an update, errors are only printed.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from answers import HookError
from writing import say


def run_hook(name: str, function: Callable[[], None], failure: int = 1) -> int:
    """Run a hook; returns its exit code: `failure` for a problem that the user can fix."""
    try:
        function()
    except (HookError, OSError) as error:
        return report_problem(name, " ".join(str(error).split("\n")), failure)
    except Exception as error:
        if not updating():
            raise
        return report_problem(name, f"{type(error).__name__}: {error}", failure)
    return 0


def report_problem(name: str, problem: str, failure: int) -> int:
    """Print the problem; the exit code is 0 during an update."""
    say(f"{name}: {problem}")
    if updating():
        say(f"{name}: the update continues; fix this problem, then run `copier recopy`")
        return 0
    return failure


def updating() -> bool:
    """Whether Copier runs this hook for an update."""
    return os.environ.get("COPIER_OPERATION") == "update"
