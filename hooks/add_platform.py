"""Adds platforms to an existing package by adding files; existing files are not changed.

The files come from the template version that the package was made with, so that a later
`copier update` finds no differences. Run with `insert_handlers.py PACKAGE --add PLATFORM`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from answers import FILE, HookError, change_answer, read_answers
from package_entry import HARDWARE, is_vendored, platform_entry, registry_text
from template_git import ROOT, unpack, version
from vendoring import FOLDER, missing_modules, source_as
from writing import Writer

PARTS = ("hooks", "hardware", "runtime")
"""Folders of the template that adding a platform reads."""
NO_VERSION = re.compile(r"-g[0-9a-f]+$")
"""Suffix of a version between two tags; `git archive` takes the commit in it."""


def add_platforms(package: Path, names: list[str], same_version: bool = False) -> None:
    """Add platforms to a package.

    Args:
        same_version: skip the check that this version of the template made the package.

    Raises:
        HookError: the package has no platforms, a platform is unknown, or the version of the
            template that made the package is unavailable.
    """
    answers = read_answers(package)
    if answers.get("profile") == "basic":
        raise HookError(f"{package} has the profile basic, which has no platforms")
    platforms, name = answers.get("platforms"), answers.get("package_name")
    if not (isinstance(platforms, list) and isinstance(name, str)):
        raise HookError(f"{package / FILE} has no list of platforms or no package_name")
    if not same_version and (made_with := other_version(answers)) is not None:
        return add_with(made_with, package, names)
    check_platforms(names)
    source = package / "src" / name
    for platform in [each for each in dict.fromkeys(names) if each not in platforms]:
        add_platform(package, source, platform, is_vendored(answers))
        platforms = [*platforms, platform]
        change_answer(package, "platforms", platforms)


def add_platform(package: Path, source: Path, name: str, vendored: bool) -> None:
    """Create a platform's folder, then add its entry to the package's `registry.json`."""
    registry = source / "registry.json"
    entry = read_registry(registry)
    if vendored:
        place_folder(package, source, name)
    entry["platforms"][name] = platform_entry(name, vendored)
    draft = registry.with_name(f".{registry.name}.{os.getpid()}")
    draft.write_bytes(registry_text(entry).encode())
    os.replace(draft, registry)


def read_registry(path: Path) -> dict[str, Any]:
    """A package's registry entry.

    Raises:
        HookError: the file is not a JSON object with `platforms`.
    """
    try:
        entry: dict[str, Any] = json.loads(path.read_bytes())
        if isinstance(entry["platforms"], dict):
            return entry
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass
    raise HookError(f"{path} is not a JSON object with 'platforms': restore it from git")


def place_folder(package: Path, source: Path, name: str) -> None:
    """Create a platform's folder atomically, after the runtime modules that it needs."""
    target = source / "platforms" / name
    if target.exists():
        raise HookError(f"{target} already exists and was not changed: move it away and try again")
    texts = platform_texts(name)
    writer = Writer(package, keep=True)
    for path, text in missing_modules(source / FOLDER, texts.values()).items():
        writer.write_text(path, text)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{name}.") as folder:
        draft = Path(folder, name)
        for inner, text in texts.items():
            Writer(package, keep=True).write_text(draft / inner, text)
        os.replace(draft, target)


def platform_texts(name: str) -> dict[Path, str]:
    """The Python files of a platform's folder, with imports of a vendored runtime: path -> text."""
    texts = {}
    for path in sorted((HARDWARE / name).rglob("*.py")):
        inner = path.relative_to(HARDWARE / name)
        texts[inner] = source_as(path, 1 + len(inner.parts), vendored=True)
    return texts


def check_platforms(names: list[str]) -> None:
    """Raise for a platform that does not exist."""
    known = sorted(folder.parent.name for folder in HARDWARE.glob("*/platform.yml"))
    if unknown := [name for name in names if name not in known]:
        raise HookError(f"unknown platform {unknown[0]!r}; use one of: {', '.join(known)}")


def other_version(answers: dict[str, Any]) -> str | None:
    """The version that the package was made with, if it differs from this template's."""
    recorded = answers.get("_commit")
    return None if recorded is None or str(recorded) == version() else str(recorded)


def add_with(made_with: str, package: Path, names: list[str]) -> None:
    """Add platforms by the hooks and sources of another version of the template."""
    with tempfile.TemporaryDirectory() as folder:
        commit = NO_VERSION.search(made_with)
        wanted = commit[0].removeprefix("-g") if commit else made_with
        hook = Path(folder, "hooks", Path(__file__).name)
        if not (unpack(wanted, PARTS, Path(folder)) and hook.is_file()):
            raise HookError(
                f"{package} was made with template version {made_with}, which {ROOT} "
                f"({version() or 'not a git checkout'}) does not have: run `copier update` first"
            )
        command = [sys.executable, str(hook), str(package.absolute()), *names]
        finished = subprocess.run(command, capture_output=True, text=True)
    if finished.returncode:
        raise HookError(finished.stderr.strip().removeprefix("add_platform: "))


if __name__ == "__main__":
    from running import run_hook

    target, *wanted = sys.argv[1:]
    sys.exit(run_hook("add_platform", lambda: add_platforms(Path(target), wanted, True), 2))
