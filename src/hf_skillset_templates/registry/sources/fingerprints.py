"""Hashes of the source of each model type, to detect changes of a transformers release.

`models` covers the model's folder and the model folders that it imports, directly or through
others; `shared` covers the modules outside `models/` that those folders import directly.
`models/auto` is left out: it names every model type, and so it changes with every release.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from .source_files import class_files, package, text
from .universe import Universe

_FROM = re.compile(r"^\s*from (\.+)([\w.]*) import (\([^)]*\)|[^\n]*)", re.MULTILINE)
_LENGTH = 16
_AUTO = "auto"


def fingerprints(universe: Universe) -> dict[str, dict[str, str]]:
    """Of each model type, the hexadecimal digests `models` and `shared`."""
    return {name: fingerprint(folder_of(name, universe)) for name in universe.model_types}


def folder_of(model_type: str, universe: Universe) -> Path:
    """The folder of the model type's configuration, and so of its models.

    Raises:
        ValueError: no source file of transformers defines the configuration.
    """
    config_class = universe.config_classes[model_type]
    if config_class not in class_files():
        raise ValueError(f"no source file defines {config_class} of {model_type}")
    return class_files()[config_class].parent


@cache
def fingerprint(folder: Path) -> dict[str, str]:
    """The digests of one model folder."""
    folders = reached(folder)
    outside = {path for each in folders for path in imports(each) if not in_models(path)}
    return {
        "models": digest(path for each in folders for path in sources(each)),
        "shared": digest(outside),
    }


def reached(folder: Path) -> set[Path]:
    """A model folder and all model folders that it imports, directly or through others."""
    files, waiting = {folder}, [folder]
    while waiting:
        for path in imports(waiting.pop()):
            if in_models(path) and path.parent.name != _AUTO and path.parent not in files:
                files.add(path.parent)
                waiting.append(path.parent)
    return files


@cache
def imports(folder: Path) -> frozenset[Path]:
    """The files of transformers outside a model folder that its files import."""
    paths = (path for source in sources(folder) for path in imported(source))
    return frozenset(path for path in paths if path.parent != folder)


def imported(source: Path) -> set[Path]:
    """The files that the relative imports of one file name."""
    files: set[Path] = set()
    for dots, module, names in _FROM.findall(text(source)):
        base = source.parents[len(dots) - 1].joinpath(*filter(None, module.split(".")))
        inside = [base / name for name in re.findall(r"\w+", names)]
        files.update(filter(None, map(module_file, (base, *inside))))
    return {path for path in files if package() in path.parents}


@cache
def module_file(path: Path) -> Path | None:
    """The file of the module that a path without an ending names."""
    candidates = (path.with_name(f"{path.name}.py"), path / "__init__.py")
    return next((each for each in candidates if each.is_file()), None)


@cache
def sources(folder: Path) -> tuple[Path, ...]:
    """The files of a model folder that transformers imports: none of modular_*.py."""
    paths = sorted(folder.glob("*.py"))
    return tuple(path for path in paths if not path.name.startswith("modular_"))


def in_models(path: Path) -> bool:
    """Whether a file is in a model's folder."""
    return path.parent.parent == package() / "models"


def digest(paths: Iterable[Path]) -> str:
    """One hash of the files' names and content, independent of their order."""
    lines = sorted(f"{path.relative_to(package()).as_posix()} {_of_file(path)}" for path in paths)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:_LENGTH]


@cache
def _of_file(path: Path) -> str:
    return hashlib.sha256(text(path).encode()).hexdigest()
