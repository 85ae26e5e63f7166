"""Task variants: every folder of task_variants/ with a variant.yml is a task."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from .paths import VARIANTS


class VariantError(ValueError):
    """A variant.yml lacks a field or has one that is not in the schema."""


@dataclass(frozen=True)
class Variant:
    """One task's variant.yml."""

    task: str
    summary: str
    modality: str
    rank: int
    auto_classes: list[str]
    pipeline: str | None
    handler_name: str
    processor: str
    run: str
    inputs: list[str]
    handler_params: dict[str, dict[str, Any]]
    output: dict[str, str]
    samples: list[Any]
    tolerance: float
    aliases: list[str] = field(default_factory=list)
    requires: list[str] = field(default_factory=list)
    forward: dict[str, list[str]] = field(default_factory=dict)
    excludes: list[str] = field(default_factory=list)
    opt_in: bool = False
    follows: list[str] = field(default_factory=list)
    checkpoint_facts: str | None = None
    fact_names: dict[str, str] = field(default_factory=dict)
    modules: dict[str, list[str]] = field(default_factory=dict)
    leftover: bool = False
    oracle: str | None = None
    effects: dict[str, Any] = field(default_factory=dict)
    variations: list[dict[str, Any]] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)
    sample_params: dict[str, Any] = field(default_factory=dict)
    generation_defaults: dict[str, Any] = field(default_factory=dict)
    pads: bool = True
    notes: str = ""


def read_variant(folder: Path) -> dict[str, Any]:
    """The unmodified variant.yml of a task."""
    stated: dict[str, Any] = yaml.safe_load((folder / "variant.yml").read_text(encoding="utf-8"))
    return stated


def load_variant(folder: Path, validator: Draft202012Validator) -> Variant:
    """Read and check one task's variant.yml."""
    path, data = folder / "variant.yml", read_variant(folder)
    errors = sorted(validator.iter_errors(data), key=lambda error: list(error.absolute_path))
    if errors:
        lines = [
            f"  {'/'.join(map(str, error.absolute_path)) or '(top)'}: {error.message}"
            for error in errors
        ]
        raise VariantError("\n".join([f"{path}: not a task variant:", *lines]))
    return Variant(task=folder.name, **data)


def load_variants(root: Path = VARIANTS) -> dict[str, Variant]:
    """All tasks by name, in the order of their rank."""
    schema = json.loads((root / "schema.json").read_text(encoding="utf-8"))
    validator = Draft202012Validator(schema)
    variants = [load_variant(path.parent, validator) for path in sorted(root.glob("*/variant.yml"))]
    if not variants:
        raise VariantError(f"{root}: no task variants found")
    names = [variant.handler_name for variant in variants]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise VariantError(f"{root}: handler names used by two tasks: {', '.join(twice)}")
    return {
        variant.task: variant
        for variant in sorted(variants, key=lambda variant: (variant.rank, variant.task))
    }
