"""Checks the rendered package: it compiles, imports without torch, and has the right interface.

Run by Copier after rendering. The package is imported in a separate process in which torch and
transformers cannot be imported: importing a package must not require them. Requires only Copier's
own dependencies.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from types import CodeType
from typing import Any

from answers import HookError, read_answers
from package_entry import is_vendored
from rendered import rendered_sources
from running import run_hook
from vendoring import RUNTIME

HOOKS = Path(__file__).resolve().parent
STANDARD = ("asyncio", "concurrent.futures.thread", "ctypes", "importlib.metadata", "zipfile")
"""Slow standard library imports of every package; imported once and inherited by forks."""


class InvalidPackageError(HookError):
    """A generated package does not compile, cannot be imported, or has a wrong interface."""


def check_in_subprocess(package_name: str, folders: Sequence[str]) -> str:
    """The problems that a new interpreter reports for the package; empty if there are none."""
    check = subprocess.run(
        [sys.executable, "-I", "-S", HOOKS / "contract_check.py", package_name, *folders],
        capture_output=True,
        text=True,
    )
    return check.stderr.strip() or f"exit code {check.returncode}" if check.returncode else ""


def check_in_fork(package_name: str, folders: Sequence[str]) -> str:
    """The same check in a fork of this process, which reuses its compiled code.

    If the fork finds a problem, a new interpreter repeats the check and reports it, with the
    names of the files.
    """
    if not hasattr(os, "fork"):
        return check_in_subprocess(package_name, folders)
    for module in STANDARD:
        import_module(module)
    if not (child := os.fork()):
        gc.disable()  # finalizers of this process's objects may wait for threads that it alone has
        from contract_check import report_problems

        os._exit(bool(report_problems(package_name, folders, compiled)))
    _, status = os.waitpid(child, 0)
    if not status:
        return ""
    problem = check_in_subprocess(package_name, folders)
    return problem or f"the check failed in a forked process only (wait status {status})"


def validate_package(package: Path) -> None:
    """Check the files of a package that the template made; other files are not checked.

    Raises:
        InvalidPackageError: a file does not compile, or the interface is wrong.
    """
    answers = read_answers(package)
    compile_sources(package, answers)
    if answers["profile"] == "basic":
        return
    runtime = [] if is_vendored(answers) else [str(RUNTIME.parent)]
    if problems := check_in_fork(answers["package_name"], [str(package / "src"), *runtime]):
        raise InvalidPackageError(problems)


def compile_sources(package: Path, answers: dict[str, Any]) -> None:
    """Compile the Python files that the template made; nothing is written."""
    for path in rendered_sources(package, answers):
        try:
            compiled(path.read_bytes(), path.name)
        except (SyntaxError, ValueError) as error:
            raise InvalidPackageError(
                f"{path.relative_to(package)} does not compile: {error}"
            ) from error


@lru_cache(maxsize=1024)
def compiled(source: bytes, name: str) -> CodeType:
    """The code object of a file; cached, because packages share most of their files."""
    return compile(source, name, "exec", dont_inherit=True)


def main(argv: list[str]) -> int:
    """Validate the package of the command line; returns the exit code."""
    return run_hook("validate_package", lambda: validate_package(Path(argv[0]).resolve()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
