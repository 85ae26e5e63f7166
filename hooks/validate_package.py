"""Checks what the template made: it compiles, imports without torch, and keeps its contract.

Run by Copier after rendering. The import happens in a clean interpreter in which torch and
transformers cannot be imported: importing a package must need neither. Needs nothing
beyond Copier's own dependencies.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from answers import HookError, read_answers
from package_entry import is_vendored
from rendered import rendered_sources
from running import run_hook
from vendoring import RUNTIME

HOOKS = Path(__file__).resolve().parent
PIPE_SIZE = 65_536


class InvalidPackageError(HookError):
    """A generated package does not keep its promises."""


def check_in_subprocess(package_name: str, folders: Sequence[str]) -> str:
    """What a clean interpreter finds wrong with the package; empty when nothing is."""
    check = subprocess.run(
        [sys.executable, "-I", "-S", HOOKS / "contract_check.py", package_name, *folders],
        capture_output=True,
        text=True,
    )
    return check.stderr.strip() or f"exit code {check.returncode}" if check.returncode else ""


def check_in_fork(package_name: str, folders: Sequence[str]) -> str:
    """The same in a fork of this process, which is faster where many packages are checked."""
    if not hasattr(os, "fork"):
        return check_in_subprocess(package_name, folders)
    receiver, sender = os.pipe()
    if not (child := os.fork()):
        from contract_check import report_problems

        os.write(sender, report_problems(package_name, folders).encode()[:PIPE_SIZE])
        os._exit(0)
    os.close(sender)
    with open(receiver, "rb") as pipe:
        problems = pipe.read().decode()
    _, status = os.waitpid(child, 0)
    return f"the check died with status {status}" if status else problems


def validate_package(
    package: Path, check: Callable[[str, Sequence[str]], str] = check_in_subprocess
) -> None:
    """Check what the template made of a package; a person's own files are theirs.

    Raises:
        InvalidPackageError: the message says what is wrong.
    """
    answers = read_answers(package)
    compile_sources(package, answers)
    if answers["profile"] == "basic":
        return
    runtime = [] if is_vendored(answers) else [str(RUNTIME.parent)]
    if problems := check(answers["package_name"], [str(package / "src"), *runtime]):
        raise InvalidPackageError(problems)


def compile_sources(package: Path, answers: dict[str, Any]) -> None:
    """Compile the Python files that the template made, leaving nothing on disk."""
    for path in rendered_sources(package, answers):
        try:
            compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            raise InvalidPackageError(
                f"{path.relative_to(package)} does not compile: {error}"
            ) from error


def main(argv: list[str]) -> int:
    """Validate the package that the command line names."""
    return run_hook("validate_package", lambda: validate_package(Path(argv[0]).resolve()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
