"""Speeds up rendering of many packages in one process by caching.

Copier compiles the same template strings, parses the same YAML and runs the same git commands for
every package. A worker process calls `prepare_worker` first. Measured in `benchmarks/generate.py`;
the rendered files are identical.
"""

from __future__ import annotations

import os
from types import CodeType
from typing import Any

from hf_skillset_templates.isolation import end_with_parent


def prepare_worker() -> None:
    """Call once in a worker process, before Copier is imported."""
    end_with_parent()
    use_libyaml()
    reuse_compiled_templates()
    # Copier runs git once per file; without git, the checkout is rendered as a plain folder.
    os.environ["PATH"] = ""


def use_libyaml() -> None:
    """Let Copier and its filters parse YAML with libyaml if PyYAML was built with it."""
    import yaml

    if yaml.__with_libyaml__:
        yaml.SafeLoader, yaml.FullLoader = yaml.CSafeLoader, yaml.CFullLoader  # type: ignore[misc, assignment]


def reuse_compiled_templates() -> None:
    """Compile each distinct template string once for all of Copier's Jinja environments.

    They have the same configuration within one run, so the same source gives the same code.
    """
    from jinja2 import Environment

    compile_once = Environment.compile
    compiled: dict[tuple[Any, ...], CodeType | str] = {}

    def compile_or_reuse(
        self: Environment,
        source: Any,
        name: str | None = None,
        filename: str | None = None,
        raw: bool = False,
        defer_init: bool = False,
    ) -> CodeType | str:
        key = (source, name, filename, raw, defer_init)
        if key not in compiled:
            compiled[key] = compile_once(self, *key)  # type: ignore[call-overload]
        return compiled[key]

    Environment.compile = compile_or_reuse  # type: ignore[assignment, method-assign]
