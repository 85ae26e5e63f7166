"""Makes our package for what a module offers: `--as-template`."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

from hf_skillset_templates.batch.origin import template_origin
from hf_skillset_templates.batch.package import PackageJob, generate_package
from hf_skillset_templates.errors import UsageError
from hf_skillset_templates.registry.resolve import look_up
from hf_skillset_templates.registry.store.entries import dump, read_entry
from hf_skillset_templates.registry.store.model_types import package_name
from hf_skillset_templates.registry.store.paths import ROOT
from hf_skillset_templates.registry.store.platforms import platform_names
from hf_skillset_templates.source_skillset import source_skillset

from .check import Checker
from .dialect import read_dialects
from .ladder import EQUAL
from .modules import Source


def as_template(checker: Checker, sources: list[Source], output: Path) -> str:
    """Generate a package for each module; what was made and what it lacks, a line each.

    Raises:
        UsageError: a module's model type is unknown, it cannot be read, or generating failed.
    """
    return "\n".join(line for source in sources for line in package_for(checker, source, output))


def package_for(checker: Checker, source: Source, output: Path) -> list[str]:
    """Generate the package for one module."""
    model_type = checker.model_type or source.model_type
    if model_type is None:
        raise UsageError(f"{source.name} is named after no model type: add --model-type")
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
    named = add_handler_names(output / name, name, handler_names(offer, checker.platform))
    said = [f"{output / name}: primary task {primary}, checkpoint {checkpoint or 'as registered'}"]
    said += [f"  also answers to {method}" for method in named]
    ours = set(dir(source_skillset(model_type, platform_names()))) | set(named)
    lacking = [method for method in offer["methods"] if method not in ours]
    return said + [f"  only {source.name} has {method}" for method in lacking]


def handler_names(offer: dict[str, Any], platform: str) -> dict[str, str]:
    """The `{name}` of each factory that a module offers -> its task."""
    dialect = read_dialects()[offer["dialect"]]
    found = {}
    for task, method in offer["offered"].items():
        for name in dialect.factories([method], platform).values():
            found[name] = task
    return found


def add_handler_names(package: Path, name: str, names: dict[str, str]) -> list[str]:
    """Let a package's factories go by further names; the methods that it has from now on."""
    path = package / "src" / name / "registry.json"
    entry = json.loads(path.read_text("utf-8"))
    added = []
    for handler_name, task in names.items():
        facts = entry["tasks"][task]
        if handler_name != facts["handler_name"]:
            facts.setdefault("further_handler_names", []).append(handler_name)
            added += [
                f"create_{each}_{handler_name}_endpoint_handler" for each in entry["platforms"]
            ]
    if added:
        path.write_text(dump(entry), "utf-8")
    return added


def default_checkpoint(source: Source, model_type: str) -> str | None:
    """The first checkpoint of the model type that a module's text names."""
    file = source.path / "__init__.py" if source.is_package else source.path
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found = look_up(node.value) if "/" in node.value and len(node.value) < 100 else None
            if found is not None and found.model_type == model_type:
                return node.value
    return None
