"""Shared code of the commands in scripts/: help with examples, and one-line error messages.

A command is a function with Typer's annotations. `run` adds shell completion and examples below
`--help`, and prints errors that the user can fix as one line on stderr, with exit code 2. Other
exceptions are bugs and keep their traceback.
"""

from __future__ import annotations

import errno
import math
import re
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import typer

from .errors import UsageError

FAILED, BAD_USAGE, NOTHING_SELECTED, INTERRUPTED = 1, 2, 5, 130
CommandLineError: Any = typer.BadParameter.__mro__[2]
"""Click's `ClickException`; recent versions of Typer have a copy of it."""


def run(main: Callable[..., Any], examples: str) -> None:
    """Run a command with the arguments of this process and exit with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    sys.exit(outcome(main, examples, sys.argv[1:]))


def outcome(main: Callable[..., Any], examples: str, arguments: list[str]) -> int:
    """Run a command; returns its exit code. Errors that the user can fix are printed to stderr."""
    try:
        code = application(main, examples)(arguments, standalone_mode=False)
        return code if isinstance(code, int) else 0
    except typer.Exit as error:
        return error.exit_code
    except CommandLineError as error:
        return refuse(error.format_message())
    except UsageError as error:
        return refuse(str(error))
    except OSError as error:
        return FAILED if error.errno == errno.EPIPE else refuse(file_problem(error))
    except (KeyboardInterrupt, typer.Abort):
        say("interrupted")
        return INTERRUPTED


def application(main: Callable[..., Any], examples: str) -> Any:
    """The Click command: plain help without truncation, and shell completion."""
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    lines = "\n".join(line.strip() for line in examples.strip().splitlines())
    app.command(epilog=f"\b\nExamples:\n{lines}")(main)
    return typer.main.get_command(app)


def refuse(problem: str) -> int:
    """Print a one-line error; returns the exit code of wrong usage."""
    say(" ".join(problem.split()))
    return BAD_USAGE


def say(text: str) -> None:
    """Print a line to stderr for the user; stdout is for programs."""
    print(text, file=sys.stderr, flush=True)


def file_problem(error: OSError) -> str:
    """The message of an OSError, with the name of the file."""
    reason = error.strerror or str(error) or type(error).__name__
    return f"{error.filename}: {reason}" if error.filename else reason


def split(values: Iterable[str]) -> list[str]:
    """The values of a repeatable option, each of which may be a comma-separated list.

    Raises:
        UsageError: a value is empty.
    """
    parts = [part.strip() for value in values for part in value.split(",")]
    if "" in parts:
        raise UsageError("empty name: expected names separated by single commas, such as a,b")
    return list(dict.fromkeys(parts))


def seconds(text: str) -> float:
    """A time limit in seconds, as a finite number above zero.

    Raises:
        UsageError: it is anything else.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise UsageError(f"{text!r} is not a time limit: expected a number of seconds above zero")
    return value


def readable_folder(text: str) -> Path:
    """The path of an existing folder.

    Raises:
        UsageError: there is none.
    """
    if not (text and (path := resolved(text)).is_dir()):
        raise UsageError(f"folder not found: {text!r}")
    return path


def readable_file(text: str) -> Path:
    """The path of an existing file.

    Raises:
        UsageError: there is none.
    """
    if not (text and (path := resolved(text)).is_file()):
        raise UsageError(f"file not found: {text!r}")
    return path


def run_folder(text: str) -> Path:
    """The folder that a run will create."""
    if not text:
        raise UsageError("the name of the run's folder is empty")
    return resolved(text)


def template_version(text: str) -> str:
    """A version of the template that git does not interpret as an option."""
    if not re.match(r"[\w.][\w./+-]*\Z", text, re.ASCII):
        raise UsageError(f"{shortened(text)} is not a template version: expected a tag or a commit")
    return text


def network_address(text: str) -> str:
    """The address of a scheduler, with its port.

    Raises:
        UsageError: it is anything else.
    """
    if not re.match(r"(?:[a-z]+://)?[^\s/]+:\d+\Z", text):
        raise UsageError(
            f"{shortened(text)} is not a scheduler address: expected one such as tcp://host:8786"
        )
    return text


def writable_folder(text: str) -> Path:
    """The path of a writable folder, which may not exist yet.

    Raises:
        UsageError: it cannot be created or written to.
    """
    path = resolved(text) if text else None
    if path is None:
        raise UsageError("the name of the output folder is empty")
    base = path
    while not base.exists() and base != base.parent:
        base = base.parent
    if not base.is_dir():
        raise UsageError(f"{path} cannot be created: {base} is a file")
    require_writable(base)
    return path


def writable_file(text: str) -> Path:
    """The path of a writable file, which may not exist yet.

    Raises:
        UsageError: it cannot be written to.
    """
    path = resolved(text) if text else None
    if path is None:
        raise UsageError("the name of the output file is empty")
    if path.is_dir():
        raise UsageError(f"{path} is a folder; expected a file")
    if not path.parent.is_dir():
        raise UsageError(f"{path} cannot be written: folder not found: {path.parent}")
    require_writable(path.parent)
    if path.exists():
        with path.open("ab"):
            pass
    return path


def resolved(text: str) -> Path:
    """An absolute path; an invalid path is a usage error."""
    try:
        path = Path(text).resolve()
        path.exists()
    except (OSError, ValueError, RuntimeError) as error:
        raise UsageError(f"{shortened(text)} is not a valid path: {error_text(error)}") from error
    return path


def error_text(error: Exception) -> str:
    """The message of an error, without the file name of an OSError."""
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)


def shortened(text: str) -> str:
    """The repr of an input, truncated to fit an error message."""
    quoted = repr(text)
    return quoted if len(quoted) <= 80 else f"{quoted[:60]}… ({len(text)} characters)"


def require_writable(folder: Path) -> None:
    """Raise if an existing folder is not writable."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UsageError(f"{folder} is not writable: {error.strerror}") from error
