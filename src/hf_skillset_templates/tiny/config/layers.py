"""Selects representative layers: one of each kind in the default stack.

A default configuration describes its layers in lists as long as the stack (`layer_types`),
in lists of layer numbers (`out_indices`) and in per-layer overrides. The layers kept are
the first of each distinct description; lists are shortened, layer numbers are recounted.
"""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

from .draft import Draft
from .sizes import kind_of

# Lists of layer numbers whose every entry feeds a part of its own: none may be dropped.
TAPS = re.compile(
    r"out_ind|deepstack|hook_ids|extract_layers|target_layer|intermediate_\w*ind|feature_layer|_taps$|return_idx"
)
INDICES = re.compile(
    r"ind(ex|ice|exe)s$|idxs?$|_layers$|_layer_ids$|_blocks$|hook_ids$|residual_block_indices"
)

STAGES = {"stage_names", "out_indices", "out_features"}


def depth_fields(draft: Draft) -> list[str]:
    """The attributes that count layers, the main stack first; not those derived from others."""
    derived = {f.name for f in fields(draft.cls) if f.default is None}
    names = [
        n
        for n, v in draft.values.items()
        if kind_of(n) == "layers" and _is_count(v) and n not in derived
    ]
    return sorted(names, key=lambda n: (n != "num_hidden_layers", n))


def select_layers(draft: Draft, least: int = 2) -> None:
    """Reduces every stack of this node to the layers needed, at least `least` of them."""
    claimed: set[str] = set()
    for name in depth_fields(draft):
        depth = draft.values[name]
        taps = _backbone_taps(draft, name)
        if depth <= least:
            continue
        lists = {k for k in _per_layer_lists(draft, depth) if k not in claimed}
        indices = (
            {k for k in _index_lists(draft, depth) if k not in claimed}
            if _is_main(draft, name)
            else set()
        )
        overrides = _overrides(draft) if _is_main(draft, name) else {}
        claimed |= lists | indices
        kept = _representatives(draft, depth, lists, indices, overrides, max(least, taps))
        draft.changes[name] = len(kept)
        for key in lists:
            entries = [draft.values[key][i] for i in kept]
            if "source" in key:  # layers that borrow from earlier ones, themselves if none is kept
                entries = [kept.index(e) if e in kept else at for at, e in enumerate(entries)]
            if entries != draft.values[key]:  # otherwise it is unchanged, and derived if it was
                draft.changes[key] = entries
        for key in indices:
            draft.changes[key] = [
                kept.index(i % depth) for i in draft.values[key] if i % depth in kept
            ]
        if taps:
            draft.changes["out_indices"] = list(range(len(kept) - taps + 1, len(kept) + 1))
        if overrides:
            draft.changes["per_layer_config"] = {
                kept.index(i): v for i, v in overrides.items() if i in kept
            }
    _add_attention(draft)


def _add_attention(draft: Draft) -> None:
    """Makes the last layer one of attention where a hybrid's default has none.

    Its checkpoints have some, and the cache asks one how long the text is.
    """
    depth, kinds = draft.get("num_hidden_layers"), draft.get("layer_types") or ()
    if draft.values.get("attn_layer_indices", ()) is None:
        draft.changes["attn_layer_indices"] = [depth - 1]
    elif set(kinds) == {"linear_attention"} and "num_attention_heads" in draft.values:
        draft.changes["layer_types"] = [*kinds[:-1], "full_attention"]


def _backbone_taps(draft: Draft, name: str) -> int:
    """The number of layers of this stack that a backbone returns, if configured (stem is 0)."""
    stages, taps = draft.values.get("stage_names") or [], draft.explicit.get("out_indices") or []
    return len(taps) if len(stages) == draft.values[name] + 1 else 0


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_main(draft: Draft, name: str) -> bool:
    return name == depth_fields(draft)[0]


def _per_layer_lists(draft: Draft, depth: int) -> list[str]:
    """Lists with one entry per layer."""
    return [
        n
        for n, v in draft.values.items()
        if isinstance(v, list) and len(v) == depth and depth > 2 and n not in STAGES
    ]


def _index_lists(draft: Draft, depth: int) -> list[str]:
    """Lists of distinct layer numbers."""
    return [
        name
        for name, value in draft.values.items()
        if isinstance(value, list)
        and value
        and INDICES.search(name)
        and len(value) != depth
        and name not in STAGES
        and all(_is_count(i) and -depth <= i <= depth for i in value)
        and len(set(value)) == len(value)
    ]


def _overrides(draft: Draft) -> dict[int, Any]:
    """Per-layer overrides by layer number."""
    return {int(i): v for i, v in (draft.values.get("per_layer_config") or {}).items()}


def _representatives(
    draft: Draft,
    depth: int,
    lists: set[str],
    indices: set[str],
    overrides: dict[int, Any],
    least: int,
) -> list[int]:
    """Layer numbers to keep, ascending."""
    members = {name: {i % depth for i in draft.values[name]} for name in indices}
    seen: dict[Any, int] = {}
    kept: set[int] = set()
    for layer in range(depth):
        described = [repr(draft.values[n][layer]) for n in sorted(lists) if "source" not in n]
        described += [
            str(layer in members[name]) for name in sorted(indices) if not TAPS.search(name)
        ]
        seen.setdefault((*described, repr(overrides.get(layer))), layer)
    kept.update(seen.values() if len(seen) <= 8 else _cover(draft, depth, lists))
    for name in indices:
        if TAPS.search(name):
            kept |= members[name]
    spare = (layer for layer in range(depth) if layer not in kept)
    while len(kept) < least:
        kept.add(next(spare))
    return sorted(kept)


def _cover(draft: Draft, depth: int, lists: set[str]) -> set[int]:
    """The first layer of each value of each list: enough when combinations are too many."""
    kept: set[int] = set()
    for name in lists:
        values = [repr(v) for v in draft.values[name]]
        if len(set(values)) <= 6:
            kept |= {values.index(v) for v in set(values)}
    return kept or {0}
