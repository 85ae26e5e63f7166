"""Files of tasks and platforms that are no longer in the answers of a package.

`copier recopy` does not remove them. Here, unedited files are removed; edited files are kept and
listed.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from add_platform import platform_texts
from package_entry import HARDWARE, VARIANTS, has_code, is_vendored, slug, task_source
from vendoring import source_as
from writing import say


def clear_leftovers(package: Path, answers: dict[str, Any]) -> None:
    """Remove the unedited files of dropped tasks and platforms, and list the edited ones."""
    edited = []
    for path, text in leftovers(package, answers).items():
        if path.read_bytes() == text.encode("utf-8"):
            path.unlink()
        else:
            edited.append(path.relative_to(package).as_posix())
    if edited:
        say(f"no longer used, kept because edited: {', '.join(edited)}")
    remove_empty_platforms(package / "src" / answers["package_name"] / "platforms", answers)


def leftovers(package: Path, answers: dict[str, Any]) -> dict[Path, str]:
    """The existing files of dropped tasks and platforms, with their text in the template."""
    source, vendored = package / "src" / answers["package_name"], is_vendored(answers)
    unused: dict[Path, str] = {}
    for folder in sorted(HARDWARE.glob("*/platform.yml")):
        name = folder.parent.name
        if name not in answers["platforms"] or not vendored:
            for inner, text in platform_texts(name).items():
                unused[source / "platforms" / name / inner] = text
    for variant in sorted(VARIANTS.glob("*/variant.yml")):
        task = variant.parent.name
        if task in answers["tasks"] or not has_code(task):
            continue
        module = source / "tasks" / f"{slug(task)}.py"
        if module.is_file():
            unused[module] = source_as(task_source(task, answers["model_type"]), 1, vendored)
        test = package / "tests" / f"test_{slug(task)}.py"
        if (own := VARIANTS / task / "test_task.py").is_file() and test.is_file():
            unused[test] = own.read_text("utf-8")
    return {path: text for path, text in unused.items() if path.is_file()}


def remove_empty_platforms(folder: Path, answers: dict[str, Any]) -> None:
    """Remove the folders of dropped platforms that contain only compiled files."""
    for platform in sorted(folder.glob("*/")):
        named = platform.name in answers["platforms"] and is_vendored(answers)
        inside = [path for path in platform.rglob("*") if path.is_file()]
        compiled = all(path.parent.name == "__pycache__" for path in inside)
        if platform.is_dir() and not platform.is_symlink() and not named and compiled:
            shutil.rmtree(platform)
