"""Copies the chosen tasks and platforms, and the runtime that they need, into a package.

Run by Copier after rendering, and manually to add a platform to an existing package:

    python hooks/insert_handlers.py PACKAGE --add openvino

Idempotent. Existing files with different content are kept and listed, unless `--existing replace`
is given. Requires only Copier's own dependencies.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from add_platform import add_platforms, check_platforms, platform_texts
from answers import read_answers
from leftovers import clear_leftovers
from package_entry import (
    VARIANTS,
    has_code,
    is_vendored,
    ordered_tasks,
    registry_entry,
    registry_text,
    slug,
    task_source,
)
from running import run_hook, updating
from vendoring import constant, source_as, vendor
from writing import Writer

ASSET = re.compile(r'"asset:([^"]+)"')
EPILOG = """\
examples:
  python hooks/insert_handlers.py generated/hf_bert --add openvino
  python hooks/insert_handlers.py generated/hf_bert --add cuda --add apple
"""


def insert_handlers(package: Path, keep: bool = True) -> None:
    """Copy the tasks and platforms of the package's answers into it.

    Args:
        keep: do not overwrite files that differ from the template.

    Raises:
        HookError: the answers file cannot be read, or names an unknown platform.
    """
    answers = read_answers(package)
    if answers["profile"] == "basic":
        return
    check_platforms(answers["platforms"])
    source, tests = package / "src" / answers["package_name"], package / "tests"
    vendored = is_vendored(answers)
    writer = Writer(package, keep)
    for name in answers["platforms"] if vendored else ():
        for inner, text in platform_texts(name).items():
            writer.write_text(source / "platforms" / name / inner, text)
    for name in filter(has_code, ordered_tasks(answers)):
        insert_task(writer, name, answers["model_type"], source, vendored)
    entry = registry_entry(answers, answers["platforms"])
    text = registry_text(entry)
    writer.write_text(source / "registry.json", text)
    for name in sorted(set(ASSET.findall(text))):
        writer.copy(VARIANTS / "_samples" / name, source / "samples" / name)
    if vendored:
        vendor(source, tests, named_modules(entry["tasks"].values()))
    writer.tell()
    if not updating():
        clear_leftovers(package, answers)


def insert_task(writer: Writer, name: str, model_type: str, source: Path, vendored: bool) -> None:
    """Copy one task's module for a model type, and its test."""
    text = source_as(task_source(name, model_type), 1, vendored)
    writer.write_text(source / "tasks" / f"{slug(name)}.py", text)
    if (test := VARIANTS / name / "test_task.py").is_file():
        writer.copy(test, writer.package / "tests" / f"test_{slug(name)}.py")


def named_modules(tasks: Iterable[dict[str, Any]]) -> Iterator[str]:
    """The runtime modules that `registry.json` names: adapters, readers of facts, modalities."""
    by_kind = constant("tasks.media_kinds", "MODULES")
    for task in tasks:
        for name in ("adapter", "checkpoint_facts"):
            if name in task:
                yield f"tasks.{task[name].partition('.')[0]}"
        yield from (f"tasks.{by_kind[kind]}" for kind in task["inputs"] if kind in by_kind)


def main(argv: list[str]) -> int:
    """Run on the package of the command line; returns the exit code, 2 for bad input."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").splitlines()[0],
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("package", type=Path, help="folder of a generated package")
    parser.add_argument(
        "--add",
        action="append",
        default=[],
        metavar="PLATFORM",
        help="add a platform to an existing package; repeatable",
    )
    parser.add_argument(
        "--existing",
        choices=["keep", "replace"],
        default="keep",
        help="keep or replace files that differ from the template [%(default)s]",
    )
    arguments = parser.parse_args(argv)

    def work() -> None:
        if arguments.add:
            add_platforms(arguments.package, arguments.add)
        else:
            insert_handlers(arguments.package, arguments.existing == "keep")

    return run_hook("insert_handlers", work, failure=2)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
