"""Checks a package: every file compiles, it imports without torch, and keeps its contract.

Run by Copier after rendering. The import happens in a clean interpreter in which torch and
transformers cannot be imported: importing a package must need neither. Needs nothing
beyond Copier's own dependencies.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import yaml

CONTRACT_CHECK = Path(__file__).resolve().parent / "contract_check.py"


class InvalidPackageError(Exception):
    """A generated package does not keep its promises."""


def validate_package(package: Path) -> None:
    """Raise `InvalidPackageError` for what is wrong with the package."""
    compile_sources(package)
    answers = yaml.safe_load((package / ".copier-answers.yml").read_text("utf-8"))
    if answers["profile"] == "basic":
        return
    check = subprocess.run(
        [sys.executable, "-I", "-S", str(CONTRACT_CHECK), str(package / "src"), answers["package_name"]],
        capture_output=True,
        text=True,
    )
    if check.returncode:
        raise InvalidPackageError(check.stderr.strip() or f"exit code {check.returncode}")


def compile_sources(package: Path) -> None:
    """Compile every Python file, leaving nothing on disk."""
    for path in sorted(package.rglob("*.py")):
        try:
            compile(path.read_text("utf-8"), str(path), "exec", dont_inherit=True)
        except SyntaxError as error:
            raise InvalidPackageError(f"{path.relative_to(package)} does not compile: {error}") from error


def main(argv: list[str]) -> int:
    """Validate the package that the command line names."""
    try:
        validate_package(Path(argv[0]).resolve())
    except InvalidPackageError as error:
        print(f"validate_package: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
