"""Copies sources into a package and rewrites their imports to the vendored runtime.

The sources of tasks and platforms import `hf_skillset_runtime` absolutely. In a package with
the answer `runtime: vendored` these lines become relative imports of `_runtime`, which contains
the modules that the package imports, directly or indirectly.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
NAME = "hf_skillset_runtime"
RUNTIME = ROOT / "runtime" / NAME
FOLDER = "_runtime"
IMPORT = re.compile(rf"^( *)from {NAME}(\.[\w.]+)? import", flags=re.MULTILINE)
GAP = re.compile(
    rf"(^ *from \.+{FOLDER}\S* import (?:[^(\n]*|\([^)]*\))\n)\n(?= *from \.)", flags=re.MULTILINE
)
"""The empty line between runtime imports and relative imports, which are now one group."""
USE = re.compile(rf"\b{FOLDER}\.([\w.]+)(?: import (\([^)]*\)|[^\n]*))?")
RELATIVE = re.compile(r"^ *from (\.+)([\w.]*) import (\([^)]*\)|[^\n#]*)", flags=re.MULTILINE)
"""A relative import in the runtime, as formatted by ruff; faster than parsing."""
NAMES = re.compile(r"\w+")
HEADER = """\
# Part of hf-skillset-runtime {version}, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""


def version() -> str:
    """The version of the template and of the runtime in it."""
    return (ROOT / "runtime" / "VERSION").read_text("utf-8").strip()


def source_as(source: Path, depth: int, vendored: bool) -> str:
    """The text of a Python source of a task or platform as copied into a package.

    Args:
        depth: its depth in folders below the package's folder.
        vendored: whether its imports of the runtime are rewritten to relative ones.
    """
    text = source_text(source)
    return rewritten(text, depth) if vendored else text


@cache
def source_text(source: Path) -> str:
    """The text of a source; cached, because a batch copies each many times."""
    return source.read_text("utf-8")


@cache
def rewritten(text: str, depth: int) -> str:
    """A source with relative imports of the runtime; see `source_as` for `depth`."""
    dots = "." * (depth + 1)
    relative = IMPORT.sub(rf"\1from {dots}{FOLDER}\2 import", text)
    return GAP.sub(r"\1", relative)


def vendor(package: Path, tests: Path, further: Iterable[str] = ()) -> None:
    """Replace `_runtime/` by the modules that the package's files and tests import.

    The new folder replaces the old one when it is complete.

    Args:
        further: modules of the runtime that `registry.json` names.
    """
    target, draft = package / FOLDER, package / f".{FOLDER}.{os.getpid()}"
    texts = [text for folder in (package, tests) for text in own_texts(folder)]
    files = missing_modules(draft, texts, further)
    try:
        for folder in {path.parent for path in files}:
            folder.mkdir(parents=True, exist_ok=True)
        for path, text in files.items():
            path.write_bytes(text.encode())
        shutil.copyfile(RUNTIME / "py.typed", draft / "py.typed")
        shutil.copyfile(ROOT / "LICENSE", draft / "LICENSE")
        if target.is_symlink() or target.is_file():
            target.unlink()
        elif target.exists():
            shutil.rmtree(target)
        os.replace(draft, target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def own_texts(folder: Path) -> Iterator[str]:
    """The Python files below a folder except `_runtime/`; user files may have any content."""
    for path in sorted(folder.rglob("*.py")):
        if FOLDER not in path.relative_to(folder).parts:
            with suppress(OSError):  # a folder of that name, a broken link, no permission
                yield path.read_text("utf-8", errors="replace")


def missing_modules(
    target: Path, texts: Iterable[str], further: Iterable[str] = ()
) -> dict[Path, str]:
    """The modules that files of a package need and `_runtime/` lacks: path -> text.

    Args:
        target: the package's `_runtime/`.
        texts: the package's own Python files.
        further: modules of the runtime that `registry.json` names.
    """
    roots = {module for text in texts for module in used_modules(text)}
    missing = {}
    for module in closure(frozenset([*roots, *further])):
        source = module_file(module)
        path = target / source.relative_to(RUNTIME)
        if not path.exists():
            missing[path] = header() + source_text(source)
    return missing


@cache
def header() -> str:
    """The header of each vendored file."""
    return HEADER.format(version=version())


@lru_cache(maxsize=1024)
def used_modules(text: str) -> tuple[str, ...]:
    """The runtime modules that a file imports; cached, because packages share most files."""
    modules = USE.findall(text)
    return tuple(
        name for base, names in modules for name in modules_among(base, re.findall(r"\w+", names))
    )


def modules_among(base: str, names: list[str]) -> Iterator[str]:
    """The modules that `from base import names` loads: `base`, and names that are modules."""
    for name in (base, *(f"{base}.{name}".lstrip(".") for name in names)):
        if exists(name):
            yield name


@cache
def closure(roots: frozenset[str]) -> tuple[str, ...]:
    """These modules, their parent packages and everything that they import, sorted."""
    reached: set[str] = set()
    waiting = [*roots, ""]
    while waiting:
        module = waiting.pop()
        if module not in reached:
            reached.add(module)
            waiting += [*imports(module), module.rpartition(".")[0]]
    return tuple(sorted(reached))


@cache
def imports(module: str) -> tuple[str, ...]:
    """The runtime modules that a runtime module imports."""
    path = module_file(module)
    parts = module.split(".") if module else []
    package = parts if path.name == "__init__.py" else parts[:-1]
    modules: list[str] = []
    for dots, inner, names in RELATIVE.findall(source_text(path)):
        above = package[: len(package) - len(dots) + 1]
        base = ".".join([*above, *([inner] if inner else [])])
        modules += modules_among(base, NAMES.findall(names))
    return tuple(modules)


def constant(module: str, name: str) -> Any:
    """The value of a constant (a literal) of a runtime module.

    Raises:
        LookupError: the module has no such constant.
    """
    for node in ast.parse(source_text(module_file(module))).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name:
            return ast.literal_eval(node.value)
    raise LookupError(f"{module} has no constant {name}")


@cache
def exists(module: str) -> bool:
    """Whether the runtime has this module."""
    return module_file(module).is_file()


def module_file(module: str) -> Path:
    """The file of a module of the runtime; "" is the runtime itself."""
    path = RUNTIME.joinpath(*module.split(".")) if module else RUNTIME
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
