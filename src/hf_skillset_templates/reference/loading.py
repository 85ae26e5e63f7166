"""Imports a copy of a module, so that nothing is written next to the original.

A file is imported inside as many empty parent packages as its relative imports require, so that
they find sibling and parent modules without running the `__init__` of a parent.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import shutil
import sys
from pathlib import Path
from types import ModuleType

from .modules import Source, imported_names, levels_up

PARENT = "hf_skillset_checked"
LARGEST_FILE = 2**20
"""Bytes; larger files are not source files and are not copied."""


def load(source: Source, workspace: Path) -> ModuleType:
    """Import a module from a copy in `workspace`."""
    if source.is_package:
        copied = copy_tree(source.path, workspace / source.path.name)
        forget(copied.name)
        sys.path.insert(0, str(copied.parent))
        try:
            return importlib.import_module(copied.name)
        finally:
            sys.path.remove(str(copied.parent))
    folders = [source.path.parent]
    for _ in range(levels_up(source.path.read_text("utf-8"))):
        folders.insert(0, folders[0].parent)
    copied = copy_tree(folders[0], workspace / folders[0].name)
    return import_below(copied, [folder.name for folder in folders[1:]], source.path.name)


def forget(package: str) -> None:
    """Remove a package from `sys.modules`, so that it is imported again."""
    for name in [name for name in sys.modules if f"{name}.".startswith(f"{package}.")]:
        del sys.modules[name]
    importlib.invalidate_caches()


def import_below(top: Path, folders: list[str], file: str) -> ModuleType:
    """Import `top/<folders>/file` with an empty package for `top` and for each folder."""
    name, folder = PARENT, top
    add_empty_package(name, folder)
    for number, part in enumerate(folders):
        name, folder = f"{name}.level{number}", folder / part
        add_empty_package(name, folder)
    name = f"{name}.{Path(file).stem.replace('-', '_').replace(' ', '_')}"
    spec = importlib.util.spec_from_file_location(name, folder / file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def add_empty_package(name: str, folder: Path) -> None:
    """Register a package for the modules in a folder, without running its `__init__`."""
    package = ModuleType(name)
    package.__path__ = [str(folder)]
    sys.modules[name] = package


def copy_tree(folder: Path, target: Path) -> Path:
    """Copy the small files of a folder and its source folders; symbolic links are kept."""

    def left_out(place: str, names: list[str]) -> set[str]:
        return {name for name in names if not belongs(Path(place, name), target)}

    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(folder, target, ignore=left_out, symlinks=True)
    return target


def belongs(path: Path, target: Path) -> bool:
    """Whether a file or folder is part of the sources and does not contain `target`."""
    if path.name.startswith(".") or path.name in ("__pycache__", "node_modules"):
        return False
    if path.is_dir():
        return path not in target.parents and (any(path.glob("*.py")) or is_data(path))
    return path.is_file() and path.stat().st_size <= LARGEST_FILE


def is_data(folder: Path) -> bool:
    """Whether the parent of a folder is a package, whose data the folder may contain."""
    return (folder.parent / "__init__.py").is_file()


def missing_modules(source: Source) -> list[str]:
    """The top-level modules that a source imports and that are not installed."""
    file = source.path / "__init__.py" if source.is_package else source.path
    return [name for name in imported_names(file.read_text("utf-8")) if not is_installed(name)]


def is_installed(name: str) -> bool:
    """Whether a top-level module can be found."""
    try:
        return name in sys.modules or importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def skillset_classes(module: ModuleType, name: str) -> list[type]:
    """The classes of a module that have initializers.

    The class with the module's name comes first, then those that the module defines, then
    imported ones.
    """
    classes = [
        each
        for each in vars(module).values()
        if inspect.isclass(each) and any(key.startswith("init_") for key in dir(each))
    ]
    wanted = name.replace("-", "_")
    return sorted(
        dict.fromkeys(classes),
        key=lambda each: (each.__name__ != wanted, each.__module__ != module.__name__),
    )
