"""The first guess: every size of a draft set to its tiny value, neighbours kept coherent."""

from __future__ import annotations

from typing import Any

from .draft import Draft
from .heads import fill_head_sizes, fit_rotary
from .images import fit_image_tokens, fit_images, fit_memory
from .layers import select_layers
from .sizes import Target, kind_of, shrink_list, uniform_target


def guess(draft: Draft, target: Target, least_layers: int = 2) -> None:
    """Fills `draft.changes` of all nodes with tiny values."""
    widest = max((v for _, node in draft.walk() for v in _stage_widths(node)), default=0)
    for _, node in draft.walk():
        node.changes.clear()
        select_layers(node, least_layers)
        _shrink_numbers(node, target, widest)
        _shrink_overrides(node, target)
        fit_images(node)
        fit_rotary(node)
        _fit_groups(node)
        _fit_fractions(node)
        _limit_counts(node)
    _fit_feature_layers(draft)
    fit_image_tokens(draft)
    fit_memory(draft)
    fill_head_sizes(draft)
    _set_underived(draft, target)


def _stage_widths(node: Draft) -> list[int]:
    """The widths in lists whose entries differ: one for each stage."""
    lists = [
        v for n, v in node.values.items() if isinstance(v, list) and kind_of(n) in ("width", "ffn")
    ]
    flat = [[v for v in values if isinstance(v, int)] for values in lists]
    return [v for values in flat if len(set(values)) > 1 for v in values]


def _set_underived(draft: Draft, target: Target) -> None:
    """Sizes that the class fills in itself and that did not follow the changed ones."""
    try:
        built = draft.build()
    except Exception:
        return
    for path, node in draft.walk():
        config = built
        for name in filter(None, path.split(".")):
            config = getattr(config, name)
        now = config.to_dict()
        for name, value in node.values.items():
            kind = kind_of(name)
            if name in node.changes or now.get(name) != value or kind in (None, "layers", "image"):
                continue
            if (
                isinstance(value, int)
                and not isinstance(value, bool)
                and name in node.cls.__dataclass_fields__
            ):
                small = _number(node, kind, name, value, target)
                if small != value:
                    node.changes[name] = small


def _shrink_numbers(node: Draft, target: Target, widest: int) -> None:
    """Shrink each number and list of numbers by the kind of its name."""
    for name, value in node.values.items():
        kind = kind_of(name)
        if kind is None or (kind in ("layers", "image") and not isinstance(value, list)):
            continue
        if isinstance(value, list) and name not in node.changes and value:
            if kind == "image":
                continue
            changed: Any = shrink_list(kind, name, value, target, widest)
        elif isinstance(value, list) and name in node.changes:
            changed = (
                shrink_list(kind, name, node.changes[name], target, widest)
                if kind != "layers"
                else node.changes[name]
            )
        elif name in DOUBLED and target is uniform_target and _doublings(node):
            changed = min(value, _first_width(_doublings(node)))
        elif kind == "width" and target is uniform_target and value in _stage_widths(node):
            changed = shrink_list(kind, name, [value, widest], target, widest)[0]
        elif isinstance(value, int) and not isinstance(value, bool):
            changed = _number(node, kind, name, value, target)
        else:
            continue
        if changed != value and _is_settable(node, name):
            node.changes[name] = changed


# Widths that double from stage to stage, named once for the first.
DOUBLED = {"embed_dim", "patch_embeds_hidden_size", "encoder_hidden_size", "num_filters"}

STAGES = ("depths", "downsampling_ratios", "upsampling_ratios")


def _doublings(node: Draft) -> int:
    """How often the first width doubles; 0 if there are no stages."""
    for name in STAGES:
        stages = node.values.get(name)
        if isinstance(stages, list) and len(stages) > 1:
            return len(stages) - (name == "depths")
    return 0


def _first_width(doublings: int) -> int:
    """64 in the last stage; more where that leaves the first under 4, but at most 128."""
    return max(64 >> doublings, min(4, 128 >> doublings))


def _number(node: Draft, kind: str, name: str, value: int, target: Target) -> int:
    """One number; grouped heads stay grouped and equal heads equal."""
    if kind == "kv_heads":
        heads = _heads_beside(node, name)
        if heads is not None and value == heads:
            return target("heads", name, value)
        return 1 if value == 1 else target(kind, name, value)
    if name == "head_dim" and value == node.values.get("qk_rope_head_dim"):
        return target("rope_dim", name, value)
    if kind == "vision_window" and "downsample_rate" in node.values:
        return value  # a window of audio frames, which is few already and divided by the rate
    return target(kind, name, value)


def _heads_beside(node: Draft, name: str) -> int | None:
    """The number of query heads that belongs to a number of key/value heads."""
    for query in (
        name.replace("num_key_value_heads", "num_attention_heads"),
        name.replace("key_value_", ""),
        "num_attention_heads",
    ):
        if query != name and isinstance(heads := node.values.get(query), int):
            return heads
    return None


def _is_settable(node: Draft, name: str) -> bool:
    """Whether the class accepts the attribute: a declared field that is not derived."""
    fields = node.cls.__dataclass_fields__
    if name not in fields:
        return False
    derived = fields[name].default is None and name not in node.explicit
    return not derived or isinstance(node.values[name], list)


def _shrink_overrides(node: Draft, target: Target) -> None:
    """Per-layer overrides speak of the same sizes; a larger one stays larger (twice)."""
    for override in (node.changes.get("per_layer_config") or {}).values():
        query_heads = override.get("num_attention_heads")
        for name, value in list(override.items()):
            kind = kind_of(name)
            if kind is None or isinstance(value, bool) or not isinstance(value, int):
                continue
            kind = "heads" if kind == "kv_heads" and value == query_heads else kind
            base, small = node.values.get(name), target(kind, name, value)
            if kind != "heads" and isinstance(base, int) and value > base:
                small *= 2 if small == target(kind, name, base) else 1
            override[name] = small


def _fit_groups(node: Draft) -> None:
    """Expert choice stays a choice: top-k below the count, groups that divide it."""
    experts = [
        n
        for n, v in node.values.items()
        if kind_of(n) == "experts" and isinstance(v, int) and v > 1
    ]
    for name, value in node.values.items():
        if kind_of(name) == "top_k" and isinstance(value, int) and experts:
            node.changes[name] = min(value, 2)
        if kind_of(name) == "topk_group" and isinstance(value, int):
            node.changes[name] = min(value, 1)


UNLIMITED = {"max_keypoints": 64}  # counts that are -1 for no limit


def _limit_counts(node: Draft) -> None:
    """Results are few: untrained weights find a keypoint in every pixel."""
    for name, most in UNLIMITED.items():
        if node.values.get(name) == -1:
            node.changes[name] = most


ROUNDED = 64  # transformers rounds a width given as a fraction of another up to multiples of it


def _fit_fractions(node: Draft) -> None:
    """A width is so large that its fractions are not rounded: weights and states would differ."""
    fractions = [v for n, v in node.values.items() if n.endswith("_dim_factor")]
    for name in ("hidden_size", "embedding_dim"):
        if fractions and name in node.changes:
            node.changes[name] = int(ROUNDED / min(fractions))


def _fit_feature_layers(draft: Draft) -> None:
    """Layers named by a parent (`vision_feature_layer`) exist in the shorter tower."""
    for _, node in draft.walk():
        depth = min(
            (d for child in node.children.values() if (d := child.get("num_hidden_layers"))),
            default=None,
        )
        for name, value in node.values.items():
            if "feature_layer" not in name or depth is None:
                continue
            if isinstance(value, int):
                node.changes[name] = max(-depth, min(depth, value))
            elif isinstance(value, list):
                node.changes[name] = [max(-depth, min(depth, v)) for v in value]
        taken = node.values.get("extract_layers")
        if taken and depth is not None:
            node.changes["extract_layers"] = [i * depth // (max(taken) + 1) for i in taken]
