"""The Python files of a package that the template made, according to its answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from package_entry import HARDWARE, ordered_tasks, slug
from vendoring import FOLDER

TEMPLATES = Path(__file__).resolve().parent.parent / "template"
PACKAGE_NAME = "{{package_name}}"
SUFFIX = ".jinja"


def rendered_sources(package: Path, answers: dict[str, Any]) -> list[Path]:
    """The existing Python files that the template made, sorted."""
    name, basic = str(answers["package_name"]), answers["profile"] == "basic"
    source = package / "src" / name
    sources = set(rendered(TEMPLATES / ("basic" if basic else "package"), package, name))
    if not basic:
        sources |= set((source / FOLDER).rglob("*.py"))
        for task in ordered_tasks(answers):
            sources.add(source / "tasks" / f"{slug(task)}.py")
            sources.add(package / "tests" / f"test_{slug(task)}.py")
        for platform in answers["platforms"]:
            folder = HARDWARE / platform
            inner = (path.relative_to(folder) for path in folder.rglob("*.py"))
            sources |= {source / "platforms" / platform / path for path in inner}
    return sorted(path for path in sources if path.is_file())


def rendered(template: Path, package: Path, name: str) -> list[Path]:
    """The paths in a package of the Python files in a folder of templates."""
    files = (path.relative_to(template).as_posix() for path in template.rglob("*.py*"))
    places = (path.removesuffix(SUFFIX).replace(PACKAGE_NAME, name) for path in files)
    return [package / place for place in places if place.endswith(".py")]
