"""Every spelling of a model type and every known checkpoint: registry/names.json.

`registry.resolve` looks names up in it, and so does `copier copy` (macros/registry.jinja).
"""

from __future__ import annotations

from collections.abc import Iterable

import yaml

from .paths import MORE_CHECKPOINTS


def name_table(types: Iterable[str], checkpoints: dict[str, str]) -> dict[str, dict[str, str]]:
    """registry/names.json: every spelling and every checkpoint, without ambiguous ones."""
    spellings: dict[str, set[str]] = {}
    for model_type in types:
        for form in (unified(model_type), unified(f"hf_{model_type}")):
            for spelling in (form, form.replace("-", "")):
                spellings.setdefault(spelling, set()).add(model_type)
    known: dict[str, set[str]] = {}
    for checkpoint, model_type in checkpoints.items():
        for name in {checkpoint, checkpoint.rpartition("/")[2]}:
            known.setdefault(name, set()).add(model_type)
    return {"spellings": unambiguous(spellings), "checkpoints": unambiguous(known)}


def more_checkpoints() -> dict[str, str]:
    """Checkpoints that transformers does not document, with their model types."""
    known: dict[str, str] = yaml.safe_load(MORE_CHECKPOINTS.read_text(encoding="utf-8"))
    return known


def unambiguous(candidates: dict[str, set[str]]) -> dict[str, str]:
    return {name: min(types) for name, types in sorted(candidates.items()) if len(types) == 1}


def unified(name: str) -> str:
    """A name in lower case with one kind of separator."""
    return name.lower().replace("_", "-").replace(".", "-")
