"""Sizes of attention heads in a draft, and the rotary sections that follow them."""

from __future__ import annotations

import importlib
import inspect
import re
from typing import Any

from .draft import Draft


def fill_head_sizes(draft: Draft) -> None:
    """Writes out head sizes that a class leaves empty: some models do not derive them."""
    for _, node in draft.walk():
        width, heads = node.get("hidden_size"), node.get("num_attention_heads")
        if not isinstance(width, int) or not isinstance(heads, int) or not heads:
            continue
        for name, value in (("head_dim", width // heads), ("num_key_value_heads", heads)):
            if (
                name in node.values
                and node.values[name] is None
                and name in node.cls.__dataclass_fields__
            ):
                node.changes[name] = value


def fit_rotary(node: Draft) -> None:
    """Fit multi-axis rotary sections to the head size, also those defined only in code."""
    rope = node.values.get("rope_parameters")
    if not isinstance(rope, dict) or "rope_parameters" not in node.cls.__dataclass_fields__:
        return
    hidden = sections_in_code(node.cls)
    if hidden and rope and "mrope_section" not in rope and "rope_theta" in rope:
        rope = {**rope, "mrope_section": hidden}
    fitted = _fit_sections(rope, node)
    if fitted != node.values["rope_parameters"]:
        node.changes["rope_parameters"] = fitted


def sections_in_code(cls: type) -> list[int] | None:
    """The rotary sections that the modeling code assumes where a configuration has none."""
    try:
        module = importlib.import_module(cls.__module__.replace("configuration_", "modeling_"))
    except ModuleNotFoundError:  # a configuration whose model is another type's
        return None
    pattern = r'get\("mrope_section", \[([\d, ]+)\]\)'
    match = re.search(pattern, inspect.getsource(module))
    return [int(v) for v in match[1].split(",")] if match else None


def _fit_sections(rope: dict[str, Any], node: Draft) -> dict[str, Any]:
    fitted = {}
    for key, value in rope.items():
        if isinstance(value, dict):
            value = _fit_sections(value, node)
        elif key.endswith("section") and isinstance(value, list):
            total = int(head_dim(node, tiny=True) * (rope.get("partial_rotary_factor") or 1.0)) // 2
            value = proportional(value, total)
        fitted[key] = value
    return fitted


def proportional(sections: list[int], total: int) -> list[int]:
    """Integers in the old proportions, at least 1 each, with the given sum."""
    fitted = [max(1, s * total // sum(sections)) for s in sections]
    fitted[-1] = max(1, total - sum(fitted[:-1]))
    return fitted


def head_dim(node: Draft, tiny: bool) -> int:
    """The size of an attention head, given or width divided by heads."""
    read = node.get if tiny else node.values.get
    for name in ("head_dim", "qk_rope_head_dim"):
        value = read(name) if name in node.changes or not tiny else None
        if isinstance(value, int) and value:
            return value
    width, heads = read("hidden_size") or read("d_model") or 1, read("num_attention_heads") or 1
    return width // heads if isinstance(width, int) and isinstance(heads, int) else 1
