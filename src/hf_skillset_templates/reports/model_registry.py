"""One MODEL_REGISTRY in the structure of the original generator's model registry.

It has every key of that structure; values that were not measured are None.
"""

from __future__ import annotations

import ast
import json
from functools import cache
from pathlib import Path
from typing import Any

from hf_skillset_templates.registry.store.entries import read_entry
from hf_skillset_templates.registry.store.paths import ROOT, VARIANTS
from hf_skillset_templates.registry.store.platforms import ORIGINAL, load_platform
from hf_skillset_templates.registry.store.variants import Variant, load_variants

_VERIFIED = {"verified", "REAL", "EMULATED"}
_MAIN_INPUT = {"chat": "list[dict]", "series": "list", "table": "dict", "text": "str"}


@cache
def _variants() -> dict[str, Variant]:
    return load_variants()


@cache
def _input_requirements() -> dict[str, list[str]]:
    path = ROOT / "runtime" / "hf_skillset_runtime" / "media" / "requirements.json"
    requirements: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8"))
    return requirements


@cache
def _platform_requirements() -> dict[str, list[str]]:
    """Platform except the CPU -> its runtime's requirements."""
    return {name: load_platform(name)["requirements"] for name in ORIGINAL[1:]}


def _tensors(spec: dict[str, Any] | None) -> dict[str, dict[str, Any]]:
    tensors: dict[str, dict[str, Any]] = (spec or {}).get("tensors", {})
    return tensors


def _side(format_name: str, spec: dict[str, Any] | None) -> dict[str, Any]:
    """`format`, `tensor_type` and `typical_shapes` of an input or output."""
    tensors = list(_tensors(spec).values())
    shapes = [", ".join(map(str, tensor["shape"])) for tensor in tensors]
    return {
        "format": format_name,
        "tensor_type": tensors[0]["dtype"] if tensors else None,
        "typical_shapes": shapes or None,
    }


def _input(entry: dict[str, Any], variant: Variant) -> dict[str, Any]:
    kinds = [kind for kind in variant.inputs if kind != "chat"]
    side = _side(kinds[0] if len(kinds) == 1 else "multimodal", entry.get("input"))
    shapes = side.pop("typical_shapes")
    names = _tensors(entry.get("input"))
    return {
        **side,
        "uses_attention_mask": "attention_mask" in names if names else None,
        "uses_position_ids": "position_ids" in names if names else None,
        "typical_shapes": shapes,
    }


def _half_precision(entry: dict[str, Any]) -> bool | None:
    """Whether the first task ran in bfloat16 or float16; None if neither was tried."""
    dtypes = entry.get("half_precision")
    return any(dtype["runs"] for dtype in dtypes.values()) if dtypes else None


def _hardware(entry: dict[str, Any]) -> dict[str, bool | None]:
    """Platform -> whether it is verified; None if it was not measured by the current rules."""
    statuses = {
        name: facts["status"]
        for name, facts in entry.get("hardware_compatibility", {}).items()
        if facts["status"] != "unproven"
    }
    return {name: statuses[name] in _VERIFIED if name in statuses else None for name in ORIGINAL}


def _functions(module: Path) -> dict[str, dict[str, Any]]:
    """The task module's encode and decode, read from its source."""
    if not module.is_file():
        return {}
    functions = {}
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name in ("encode", "decode"):
            functions[node.name] = {
                "description": (ast.get_docstring(node) or "").splitlines()[0],
                "args": [argument.arg for argument in node.args.args],
                "returns": ast.unparse(node.returns) if node.returns else "None",
            }
    return functions


def _handler_params(variant: Variant) -> dict[str, dict[str, Any]]:
    """The input itself and the task's parameters."""
    types = " or ".join(dict.fromkeys(_MAIN_INPUT.get(kind, "str") for kind in variant.inputs))
    name = variant.inputs[0] if len(variant.inputs) == 1 else "inputs"
    given = {"description": variant.summary, "type": f"{types} or a list of it", "required": True}
    return {name: given, **variant.handler_params}


def _dependencies(entry: dict[str, Any], variant: Variant) -> dict[str, Any]:
    needs = entry["dependencies"]
    named = {requirement.split(">")[0].lower() for requirement in needs["pip"]}
    inputs = [r for kind in variant.inputs for r in _input_requirements().get(kind, [])]
    more = [r for r in dict.fromkeys(inputs) if r.split(">")[0].lower() not in named]
    return {
        **needs,
        "pip": [*needs["pip"], *more],
        "optional": {**_platform_requirements(), **needs["optional"]},
    }


def exported(model_type: str) -> dict[str, Any]:
    """One model type's value of MODEL_REGISTRY, for its primary task."""
    entry = read_entry(model_type)
    variant = _variants()[entry["primary_task"]]
    default = entry.get("default_configuration", {})
    return {
        "description": entry["description"],
        "embedding_dim": default.get("embedding_dim"),
        "sequence_length": default.get("sequence_length"),
        "model_precision": default.get("dtype"),
        "supports_half_precision": _half_precision(entry),
        "default_batch_size": 1,  # a call with one input is a batch of one
        "hardware_compatibility": _hardware(entry),
        "input": _input(entry, variant),
        "output": _side(variant.output["format"], entry.get("output")),
        "helper_functions": _functions(VARIANTS / variant.task / "task.py"),
        "handler_params": _handler_params(variant),
        "dependencies": _dependencies(entry, variant),
    }


def model_registry(model_types: list[str]) -> dict[str, dict[str, Any]]:
    """MODEL_REGISTRY for the model types."""
    return {model_type: exported(model_type) for model_type in model_types}
