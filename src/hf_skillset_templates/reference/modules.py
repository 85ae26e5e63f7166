"""The modules at a path, and the model types in their names."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from hf_skillset_templates.errors import UsageError
from hf_skillset_templates.registry.resolve import look_up

PATTERN = "hf_*"


@dataclass(frozen=True)
class Source:
    """One module: a file, or the folder of a package (the one with `__init__.py`)."""

    path: Path

    @property
    def name(self) -> str:
        """The name of the module or package."""
        return self.path.stem if self.path.is_file() else self.path.name

    @property
    def label(self) -> str:
        """The name in reports: with the extension if a package next to it has the same name."""
        twice = self.path.is_file() and self.path.with_suffix("").is_dir()
        return self.path.name if twice else self.name

    @property
    def is_package(self) -> bool:
        """Whether it is a package, not a file."""
        return self.path.is_dir()

    @property
    def model_type(self) -> str | None:
        """The model type that its name resolves to; None if there is none."""
        known = look_up(self.name)
        return known.model_type if known else None


def find_sources(path: Path) -> list[Source]:
    """The modules at a path: itself, or the `hf_*.py` files and packages in the folder.

    Raises:
        UsageError: there is none.
    """
    if path.is_file() and path.suffix == ".py":
        return [Source(path)]
    if (package := package_folder(path)) is not None:
        return [Source(package)]
    folders = (package_folder(child) for child in sorted(path.glob(PATTERN)) if child.is_dir())
    files = [child for child in sorted(path.glob(f"{PATTERN}.py")) if child.is_file()]
    paths = [*files, *filter(None, folders)]
    if not paths:
        raise UsageError(
            f"no module in {path}: expected a .py file, a package, or a folder of hf_* modules"
        )
    return [Source(each) for each in paths]


def package_folder(path: Path) -> Path | None:
    """The importable folder of a package: the path itself, or the one in its `src/`."""
    if (path / "__init__.py").is_file() and path.name.startswith("hf_"):
        return path
    inner = path / "src" / path.name
    if (inner / "__init__.py").is_file():
        return inner
    folders = [each.parent for each in path.glob(f"src/{PATTERN}/__init__.py")]
    return folders[0] if len(folders) == 1 else None


def levels_up(source: str) -> int:
    """The number of parent folders that a module's relative imports reach; 0 for its own."""
    levels = [
        node.level for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)
    ]
    return max(max(levels, default=0) - 1, 0)


def imported_names(source: str) -> list[str]:
    """The top-level names of all absolute imports in a module, sorted."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.partition(".")[0])
    return sorted(names)
