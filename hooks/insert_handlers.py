"""Puts the chosen tasks and platforms, and the runtime that they need, into a package.

Run by Copier after rendering, and by hand to add a platform to a package that exists:

    python hooks/insert_handlers.py PACKAGE --add openvino

Running it again changes nothing. Needs nothing beyond Copier's own dependencies.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import yaml
from package_entry import (
    HARDWARE,
    VARIANTS,
    has_code,
    is_vendored,
    registry_entry,
    slug,
    task_source,
)
from vendoring import copy_source, vendor

ASSET = re.compile(r'"asset:([^"]+)"')


class HookError(Exception):
    """A hook cannot do its work; the message says what to do."""


def insert_handlers(package: Path, add: tuple[str, ...] = ()) -> None:
    """Copy the tasks and platforms of the package's answers, and `add`, into it."""
    answers_file = package / ".copier-answers.yml"
    if not answers_file.is_file():
        raise HookError(f"{package} is no generated package: it has no .copier-answers.yml")
    answers = yaml.safe_load(answers_file.read_text("utf-8"))
    if answers["profile"] == "basic":
        if add:
            raise HookError(f"{package} has the profile basic, which has no platforms")
        return
    platforms = [*answers["platforms"], *(name for name in add if name not in answers["platforms"])]
    check_platforms(platforms)
    source, tests = package / "src" / answers["package_name"], package / "tests"
    vendored = is_vendored(answers)
    for name in platforms if vendored else ():
        insert_platform(name, source / "platforms" / name)
    for name in filter(has_code, answers["tasks"]):
        insert_task(name, answers["model_type"], source, tests, vendored)
    entry = registry_entry(answers, platforms)
    write_json(source / "registry.json", entry)
    copy_samples(json.dumps(entry), source / "samples")
    if vendored:
        vendor(source, tests)
    if platforms != answers["platforms"]:
        record_platforms(answers_file, platforms)


def check_platforms(names: list[str]) -> None:
    """Raise for a platform that does not exist."""
    known = sorted(folder.parent.name for folder in HARDWARE.glob("*/platform.yml"))
    if unknown := [name for name in names if name not in known]:
        raise HookError(f"no platform {unknown[0]!r}; there are: {', '.join(known)}")


def insert_platform(name: str, folder: Path) -> None:
    """Copy one platform's folder: its Python sources."""
    for source in sorted((HARDWARE / name).rglob("*.py")):
        inner = source.relative_to(HARDWARE / name)
        copy_source(source, folder / inner, depth=1 + len(inner.parts), vendored=True)


def insert_task(name: str, model_type: str, source: Path, tests: Path, vendored: bool) -> None:
    """Copy one task's module for a model type, and its test."""
    module = source / "tasks" / f"{slug(name)}.py"
    copy_source(task_source(name, model_type), module, depth=1, vendored=vendored)
    if (test := VARIANTS / name / "test_task.py").is_file():
        copy(test, tests / f"test_{slug(name)}.py")


def copy_samples(entry: str, folder: Path) -> None:
    """Copy the sample files that the entry's tasks name."""
    for name in sorted(set(ASSET.findall(entry))):
        copy(VARIANTS / "_samples" / name, folder / name)


def record_platforms(answers_file: Path, platforms: list[str]) -> None:
    """Write the new list of platforms into the answers file, leaving its other lines alone."""
    text = answers_file.read_text("utf-8")
    listed = yaml.safe_dump({"platforms": platforms}, default_flow_style=False)
    updated = re.sub(r"^platforms:\n(?:-.*\n|\s+-.*\n)*", listed, text, flags=re.MULTILINE)
    answers_file.write_text(updated, "utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write indented JSON."""
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", "utf-8")


def copy(source: Path, target: Path) -> None:
    """Copy a file, making its folder; its bytes only, so that every run gives the same."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def main(argv: list[str]) -> int:
    """Run on the package that the command line names; 2 for bad input."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("package", type=Path)
    parser.add_argument("--add", action="append", default=[], metavar="PLATFORM")
    arguments = parser.parse_args(argv)
    try:
        insert_handlers(arguments.package, tuple(arguments.add))
    except HookError as error:
        print(f"insert_handlers: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
