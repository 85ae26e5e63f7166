"""Describes a package's task functions for its registry entry: read from source, never run."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import Any

STEPS = ("encode", "decode")


@cache
def task_functions(module: Path) -> dict[str, dict[str, Any]]:
    """The steps of a task module: what each does, its arguments and what it returns."""
    tree = ast.parse(module.read_text("utf-8"))
    return {
        node.name: {
            "description": (ast.get_docstring(node) or "").splitlines()[0],
            "args": [describe_argument(argument) for argument in node.args.args],
            "returns": ast.unparse(node.returns) if node.returns else "None",
        }
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name in STEPS
    }


def describe_argument(argument: ast.arg) -> str:
    """`name: type`."""
    return (
        f"{argument.arg}: {ast.unparse(argument.annotation)}"
        if argument.annotation
        else argument.arg
    )
