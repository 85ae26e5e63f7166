"""Imports one package and checks its interface; run in a clean interpreter by validate_package.

python -I -S contract_check.py PACKAGE_NAME FOLDER...

The folders contain the package and, if the runtime is not vendored, the runtime.
"""

from __future__ import annotations

import importlib
import inspect
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib.machinery import SourceFileLoader
from types import CodeType
from typing import Any

Compiled = Callable[[bytes, str], CodeType]
THIRD_PARTY = ("site-packages", "dist-packages")
FORBIDDEN = ("torch", "transformers", "numpy", "openvino", "onnxruntime")
FACTORY_PARAMETERS = ["endpoint_model", "device", "hardware_label", "endpoint", "tokenizer"]


class ImportGuard:
    """Raises ImportError for modules that importing a package must not require."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name.partition(".")[0] in FORBIDDEN:
            raise ImportError(f"importing the package imports {name}")


def check(package_name: str) -> list[str]:
    """The problems of the package's interface; empty if there are none."""
    before = set(sys.modules)  # a fork has what its parent uses
    package = importlib.import_module(package_name)
    skillset_class = getattr(package, package.__all__[-1])
    registry = package.MODEL_REGISTRY[skillset_class.model_type]
    platforms = registry["platforms"]
    loaded = [name for name in sys.modules if name.endswith(".handler") and name not in before]
    if loaded:
        return [f"importing the package imports {loaded[0]}"]
    problems = signature_problems(skillset_class.__init__, ["resources", "metadata"])
    problems += signature_problems(
        skillset_class.__test__,
        ["endpoint_model", "endpoint_handler", "endpoint_label", "tokenizer"],
    )
    for platform in platforms:
        if registry["platforms"][platform]["code"].startswith("."):
            skillset_class.platform(platform)
        problems += initializer_problems(platform, skillset_class)
        for task in registry["tasks"].values():
            name = f"create_{platform}_{task['handler_name']}_endpoint_handler"
            problems += signature_problems(
                getattr(skillset_class, name, None), FACTORY_PARAMETERS, name
            )
    return problems


def initializer_problems(platform: str, skillset_class: type) -> list[str]:
    """`init_<platform>(model, ..., device, <platform>_label, *converters, task=None)`."""
    name = f"init_{platform}"
    method = getattr(skillset_class, name, None)
    if method is None:
        return [f"{name} is missing"]
    parameters = list(inspect.signature(method).parameters)[1:]
    last = ["device", f"{platform}_label", "converters", "task"]
    if parameters[0] != "model" or parameters[-4:] != last:
        return [f"{name} has the parameters {parameters}; expected model, ..., {', '.join(last)}"]
    return []


def signature_problems(
    method: Callable[..., Any] | None, expected: list[str], name: str = ""
) -> list[str]:
    """The problem of a method that is missing or has other parameters than `self, *expected`."""
    if method is None:
        return [f"{name} is missing"]
    parameters = list(inspect.signature(method).parameters)[1:]
    if parameters != expected:
        return [f"{name or method.__name__} has the parameters {parameters}; expected {expected}"]
    return []


def report_problems(
    package_name: str, folders: Sequence[str], compiled: Compiled | None = None
) -> str:
    """Check the package in the first of `folders`; returns all problems as text, one per line.

    Args:
        compiled: compiles a file's bytes and name; a cache of code objects. None for no cache.
    """
    sys.dont_write_bytecode = True
    sys.path[:] = [*folders, *(path for path in sys.path if not path.endswith(THIRD_PARTY))]
    forget_modules(package_name)
    sys.meta_path.insert(0, ImportGuard())
    if compiled is not None:
        reuse = compiled
        SourceFileLoader.source_to_code = (  # type: ignore[method-assign]
            lambda loader, data, path, **options: reuse(data, os.path.basename(path))
        )
    try:
        return "\n".join(check(package_name))
    except Exception:
        return traceback.format_exc()


def forget_modules(package_name: str) -> None:
    """Drop inherited modules of the package, the runtime and other projects from `sys.modules`."""
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None) or ""
        third_party = any(f"{folder}{os.sep}" in path for folder in THIRD_PARTY)
        if third_party or name.partition(".")[0] in (package_name, "hf_skillset_runtime"):
            del sys.modules[name]


if __name__ == "__main__":
    sys.exit(report_problems(sys.argv[1], sys.argv[2:]) or None)
