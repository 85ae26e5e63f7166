"""Parses transformers' source files without importing them."""

from __future__ import annotations

import ast
import re
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

_SHARED = (
    "modeling_layers.py",
    "tokenization_mistral_common.py",
    "tokenization_utils_sentencepiece.py",
)
_CLASS = re.compile(r"^class (\w+)\b", re.MULTILINE)


@cache
def package() -> Path:
    """The folder of the installed transformers."""
    spec = find_spec("transformers")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(
            "transformers is not installed: pip install 'hf-skillset-templates[models]'"
        )
    return Path(spec.origin).parent


@cache
def transformers_version() -> str:
    return version("transformers")


@cache
def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def class_files() -> dict[str, Path]:
    """Class name -> the file that defines it: a model's, or what models share.

    modular_*.py are left out: transformers never imports them.
    """
    files: dict[str, Path] = {}
    shared = [package() / name for name in _SHARED]
    for path in [*sorted((package() / "models").glob("*/*.py")), *shared]:
        if not path.name.startswith("modular_"):
            for name in _CLASS.findall(text(path)):
                files.setdefault(name, path)
    return files


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(text(path))


@cache
def _classes(path: Path) -> dict[str, ast.ClassDef]:
    return {node.name: node for node in tree(path).body if isinstance(node, ast.ClassDef)}


def class_node(name: str) -> ast.ClassDef | None:
    """The syntax tree of a class of transformers' models."""
    path = class_files().get(name)
    return _classes(path).get(name) if path else None


def files_of(name: str) -> set[Path]:
    """The files that define a class and those it inherits from."""
    path, node = class_files().get(name), class_node(name)
    if path is None or node is None:
        return set()
    bases = [base.id for base in node.bases if isinstance(base, ast.Name) and base.id != name]
    return {path}.union(*(files_of(base) for base in bases))


def method(name: str, method_name: str) -> ast.FunctionDef | None:
    """A class's method, its own or the nearest inherited one."""
    node = class_node(name)
    if node is None:
        return None
    for item in node.body:
        if isinstance(item, ast.FunctionDef) and item.name == method_name:
            return item
    for base in node.bases:
        inherited = method(base.id, method_name) if isinstance(base, ast.Name) else None
        if inherited is not None:
            return inherited
    return None


def forward_parameters(class_name: str) -> list[str]:
    """Names of the arguments of a model class's forward, in order."""
    forward = method(class_name, "forward")
    if forward is None:
        return []
    arguments = forward.args
    return [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)][1:]
