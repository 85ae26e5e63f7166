"""The generated packages in a folder, and their metadata."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from hf_skillset_templates.errors import UsageError

ANSWERS = ".copier-answers.yml"


@dataclass(frozen=True)
class Package:
    """A package that can be tested."""

    name: str
    """The Python package's name."""
    model_type: str
    tasks: tuple[str, ...]
    """The primary one first."""


def find_packages(folder: Path) -> list[Path]:
    """The generated packages directly below a folder."""
    return sorted(answers.parent for answers in folder.glob(f"*/{ANSWERS}"))


def select_packages(folder: Path, only: list[str]) -> list[Path]:
    """The packages in a folder, or those of them in `only`.

    Raises:
        UsageError: the folder has no packages, or none of a name in `only`.
    """
    packages = find_packages(folder)
    if not packages:
        raise UsageError(f"{folder} contains no generated package (*/{ANSWERS})")
    names = [package.name for package in packages]
    for name in only:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=3)
            hint = f"; similar names: {', '.join(near)}" if near else ""
            raise UsageError(f"{folder} contains no package {name!r}{hint}")
    return [package for package in packages if not only or package.name in only]


def read_answers(package: Path) -> dict[str, Any]:
    """The answers that a package was made with.

    Raises:
        UsageError: the file cannot be read, or is not a YAML mapping.
    """
    path = package / ANSWERS
    try:
        answers = yaml.safe_load(path.read_bytes())
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise UsageError(f"{path} cannot be read: {one_line(error)}") from error
    if not isinstance(answers, dict):
        raise UsageError(f"{path} is not a YAML mapping of answers")
    return answers


def read_package(folder: Path) -> Package:
    """The metadata of a package, from its `registry.json`.

    Raises:
        UsageError: the package has no cells, another name than its folder, or an invalid
            `registry.json`.
    """
    answers = read_answers(folder) if (folder / ANSWERS).exists() else {}
    if answers.get("profile") == "basic":
        raise UsageError("packages of the profile basic have no cells: run pytest in the package")
    name = answers.get("package_name", folder.name)
    if name != folder.name:
        raise UsageError(
            f"the folder {folder.name} contains the package {name}: rename the folder to {name}"
        )
    path = folder / "src" / folder.name / "registry.json"
    try:
        entry = json.loads(path.read_bytes())
        model_type, tasks = entry["model_type"], tuple(entry["tasks"])
    except FileNotFoundError as error:
        raise UsageError(f"{path.relative_to(folder)} is missing") from error
    except (OSError, ValueError, RecursionError, KeyError, TypeError) as error:
        problem = f"{type(error).__name__}: {one_line(error)}"
        raise UsageError(f"{path.relative_to(folder)} cannot be read: {problem}") from error
    if not isinstance(model_type, str) or not tasks:
        raise UsageError(f"{path.relative_to(folder)} has no model_type or no tasks")
    return Package(folder.name, model_type, tasks)


def one_line(error: Exception) -> str:
    """The first line of an error."""
    return (str(error).splitlines() or [type(error).__name__])[0]
