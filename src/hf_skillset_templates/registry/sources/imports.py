"""Which third-party packages a source file needs, read from its syntax tree.

An import counts as required where nothing guards it and it runs when the module is imported or
the class is built or called; behind `if is_x_available()`, inside `try` with another way out, or
in any other function it is optional. `requires_backends(self, [...])` counts the same way, and so
does `@requires(backends=(...))` of a method that turns outputs into results, which tasks call.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from .source_files import tree

_CALLED = {"__init__", "forward", "__call__"}
_CALLED_BY_TASKS = "post_process"
"""What the names of methods begin with that tasks call."""
_STANDARD = set(sys.stdlib_module_names) | {"transformers"}


@dataclass
class Needs:
    """Names of imported packages and of transformers' backends."""

    required: set[str] = field(default_factory=set)
    optional: set[str] = field(default_factory=set)

    def add(self, names: set[str], required: bool) -> None:
        (self.required if required else self.optional).update(names)

    def merge(self, other: Needs) -> None:
        self.required |= other.required
        self.optional |= other.optional


def _imported(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        roots = {alias.name.split(".")[0] for alias in node.names}
    elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
        roots = {node.module.split(".")[0]}
    else:
        return set()
    return roots - _STANDARD


def _backends(node: ast.AST) -> set[str]:
    """The backends that `requires_backends(…, [...])` or `requires(backends=(...))` names."""
    if not isinstance(node, ast.Call):
        return set()
    if getattr(node.func, "id", "") not in ("requires_backends", "requires"):
        return set()
    arguments = [*node.args[1:], *(keyword.value for keyword in node.keywords)]
    constants = [
        item for each in arguments for item in ast.walk(each) if isinstance(item, ast.Constant)
    ]
    return {str(item.value) for item in constants}


def _walk(nodes: list[ast.stmt], needs: Needs, required: bool) -> None:
    for node in nodes:
        needs.add(_imported(node), required)
        if isinstance(node, ast.Expr):
            needs.add(_backends(node.value), required)
        if isinstance(node, (ast.ClassDef, ast.With)):
            _walk(node.body, needs, required)
        elif isinstance(node, ast.FunctionDef):
            if node.name.startswith(_CALLED_BY_TASKS):
                for decorator in node.decorator_list:
                    needs.add(_backends(decorator), required)
            _walk(node.body, needs, required and node.name in _CALLED)
        elif isinstance(node, ast.Try):
            raises = any(
                isinstance(item, ast.Raise)
                for handler in node.handlers
                for item in ast.walk(handler)
            )
            _walk(node.body, needs, required and (raises or not node.handlers))
        elif isinstance(node, (ast.If, ast.For, ast.While)):
            _walk([*node.body, *node.orelse], needs, False)


@cache
def needs_of(path: Path) -> Needs:
    """What a file needs."""
    needs = Needs()
    _walk(tree(path).body, needs, True)
    needs.optional -= needs.required
    return needs
