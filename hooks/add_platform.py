"""Adds platforms to an existing package by adding files; existing files are not changed.

The files are those of the template version that the package was made with, so that a later
`copier update` compares with the right ones. Run through `insert_handlers.py PACKAGE --add`.
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
"""What adding a platform reads of the template."""
NO_VERSION = re.compile(r"-g[0-9a-f]+$")
"""The end of a version between two tags: `git archive` takes the commit that it names."""


def add_platforms(package: Path, names: list[str], same_version: bool = False) -> None:
    """Add platforms to a package.

    Args:
        same_version: the package is known to be made with this very version of the template.

    Raises:
        HookError: the package has none, or was made with a version that is not at hand.
    """
    answers = read_answers(package)
    if answers.get("profile") == "basic":
        raise HookError(f"{package} has the profile basic, which has no platforms")
    platforms, name = answers.get("platforms"), answers.get("package_name")
    if not (isinstance(platforms, list) and isinstance(name, str)):
        raise HookError(f"{package / FILE} names no platforms or no package_name")
    if not same_version and (made_with := other_version(answers)) is not None:
        return add_with(made_with, package, names)
    check_platforms(names)
    source = package / "src" / name
    for platform in [each for each in dict.fromkeys(names) if each not in platforms]:
        add_platform(package, source, platform, is_vendored(answers))
        platforms = [*platforms, platform]
        change_answer(package, "platforms", platforms)


def add_platform(package: Path, source: Path, name: str, vendored: bool) -> None:
    """Put one platform's folder into place and its row into the registry, in this order."""
    registry = source / "registry.json"
    entry = read_registry(registry)
    if vendored:
        place_folder(package, source, name)
    entry["platforms"][name] = platform_entry(name, vendored)
    draft = registry.with_name(f".{registry.name}.{os.getpid()}")
    draft.write_bytes(registry_text(entry).encode())
    os.replace(draft, registry)


def read_registry(path: Path) -> dict[str, Any]:
    """A package's registry entry."""
    try:
        entry: dict[str, Any] = json.loads(path.read_bytes())
        if isinstance(entry["platforms"], dict):
            return entry
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass
    raise HookError(f"{path} is not a registry entry with platforms: repair it first")


def place_folder(package: Path, source: Path, name: str) -> None:
    """Make a platform's folder, whole or not at all, and the modules of the runtime it needs."""
    target = source / "platforms" / name
    if target.exists():
        raise HookError(f"{target} is there already, and stays as it is")
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
    """The Python sources of a platform's folder as a package with its own runtime has them."""
    texts = {}
    for path in sorted((HARDWARE / name).rglob("*.py")):
        inner = path.relative_to(HARDWARE / name)
        texts[inner] = source_as(path, 1 + len(inner.parts), vendored=True)
    return texts


def check_platforms(names: list[str]) -> None:
    """Raise for a platform that does not exist."""
    known = sorted(folder.parent.name for folder in HARDWARE.glob("*/platform.yml"))
    if unknown := [name for name in names if name not in known]:
        raise HookError(f"no platform {unknown[0]!r}; there are: {', '.join(known)}")


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
                f"{package} was made with version {made_with} of the template, and {ROOT} is "
                f"{version() or 'no git checkout'}: run `copier update` in the package first"
            )
        command = [sys.executable, str(hook), str(package.absolute()), *names]
        finished = subprocess.run(command, capture_output=True, text=True)
    if finished.returncode:
        raise HookError(finished.stderr.strip().removeprefix("add_platform: "))


if __name__ == "__main__":
    from running import run_hook

    target, *wanted = sys.argv[1:]
    sys.exit(run_hook("add_platform", lambda: add_platforms(Path(target), wanted, True), 2))
