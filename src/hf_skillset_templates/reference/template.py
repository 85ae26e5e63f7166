"""Generates a package with the interface of a module: `--as-template`."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

from hf_skillset_templates.batch.origin import template_origin
from hf_skillset_templates.batch.package import PackageJob, generate_package
from hf_skillset_templates.errors import UsageError
from hf_skillset_templates.registry.resolve import look_up
from hf_skillset_templates.registry.store.entries import read_entry
from hf_skillset_templates.registry.store.model_types import package_name
from hf_skillset_templates.registry.store.paths import ROOT
from hf_skillset_templates.registry.store.platforms import platform_names
from hf_skillset_templates.source_skillset import source_skillset
from hf_skillset_templates.template_hooks import load_hook

from .check import Checker
from .ladder import EQUAL
from .modules import Source

FURTHER = "further_handler_names"
"""Key of the additional handler names in a task of a package's `registry.json`."""


def as_template(checker: Checker, sources: list[Source], output: Path) -> str:
    """Generate a package for each module; returns a text about them and the missing methods.

    Raises:
        UsageError: a model type is unknown, a module fails its check, or generating fails.
    """
    return "\n".join(line for source in sources for line in package_for(checker, source, output))


def package_for(checker: Checker, source: Source, output: Path) -> list[str]:
    """Generate the package for one module; returns the lines about it."""
    model_type = checker.model_type or source.model_type
    if model_type is None:
        raise UsageError(f"{source.name} contains no known model type: use --model-type")
    offer = checker.run(source, model_type, {})
    if offer["verdict"] != EQUAL:
        raise UsageError(f"{source.name} {offer['verdict']}: {offer['steps'][-1]['evidence']}")
    primary, *_ = offer["offered"]
    answers: dict[str, Any] = {
        "primary_task": primary,
        "tasks": list(read_entry(model_type)["tasks"]),
    }
    if checkpoint := default_checkpoint(source, model_type):
        answers["checkpoint"] = checkpoint
    name = package_name(model_type)
    job = PackageJob(model_type, name, str(output), answers, template_origin(ROOT))
    outcome = generate_package(job)
    if outcome.status != "generated":
        raise UsageError(f"{name} failed at {outcome.stage}: {outcome.error}")
    named = add_handler_names(output / name, name, offer["names"])
    messages = [
        f"{output / name}: primary task {primary}, checkpoint {checkpoint or 'as registered'}"
    ]
    messages += [f"  added {method}" for method in named]
    generated = set(dir(source_skillset(model_type, tuple(platform_names())))) | set(named)
    missing = [method for method in offer["methods"] if method not in generated]
    return messages + [f"  missing {method} of {source.name}" for method in missing]


def add_handler_names(package: Path, name: str, names: dict[str, str]) -> list[str]:
    """Add handler names to a package's `registry.json`; returns the added methods.

    Args:
        names: the `{name}` of each factory of a module -> its task. Names that the package already
            uses are not changed.
    """
    path = package / "src" / name / "registry.json"
    entry = json.loads(path.read_text("utf-8"))
    existing = {facts["handler_name"] for facts in entry["tasks"].values()}
    added = []
    for handler_name, task in names.items():
        facts = entry["tasks"][task]
        if handler_name not in existing:
            more = [*facts.get(FURTHER, []), handler_name]
            entry["tasks"][task] = put_behind(facts, "handler_name", FURTHER, more)
            added += [
                f"create_{each}_{handler_name}_endpoint_handler" for each in entry["platforms"]
            ]
    if added:
        path.write_bytes(load_hook("package_entry").registry_text(entry).encode("utf-8"))
    return added


def put_behind(facts: dict[str, Any], neighbour: str, key: str, value: Any) -> dict[str, Any]:
    """Facts with a new key after `neighbour`, a key that rarely changes, for clean merges."""
    replaced = {}
    for name, fact in facts.items():
        replaced[name] = fact
        if name == neighbour:
            replaced[key] = value
    return {**replaced, key: value}


def default_checkpoint(source: Source, model_type: str) -> str | None:
    """The first checkpoint of the model type in the strings of a module; None if none."""
    file = source.path / "__init__.py" if source.is_package else source.path
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            named = look_up(node.value) if "/" in node.value and len(node.value) < 100 else None
            if named is not None and named.model_type == model_type:
                return node.value
    return None
