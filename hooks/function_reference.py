"""Describes a package's task functions for its registry entry: read from source, never run."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import Any

from vendoring import NAME, module_file

STEPS = ("encode", "decode")


@cache
def task_functions(module: Path) -> dict[str, dict[str, Any]]:
    """The steps of a task module: description, arguments and return value of each."""
    return {
        name: {
            "description": (ast.get_docstring(node) or "").splitlines()[0],
            "args": [describe_argument(argument) for argument in node.args.args],
            "returns": ast.unparse(node.returns) if node.returns else "None",
        }
        for name, node in steps(module).items()
    }


def steps(module: Path) -> dict[str, ast.FunctionDef]:
    """The steps that a task module defines, or imports from a module of the runtime."""
    functions: dict[str, ast.FunctionDef] = {}
    for node in ast.parse(module.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name in STEPS:
            functions[node.name] = node
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{NAME}."):
            if taken := {alias.name for alias in node.names} & set(STEPS):
                source = module_file(str(node.module).removeprefix(f"{NAME}."))
                functions |= {name: step for name, step in steps(source).items() if name in taken}
    return {name: functions[name] for name in STEPS if name in functions}


def describe_argument(argument: ast.arg) -> str:
    """`name: type`."""
    return (
        f"{argument.arg}: {ast.unparse(argument.annotation)}"
        if argument.annotation
        else argument.arg
    )
