"""The first guess: every size of a draft set to its tiny value, neighbours kept coherent."""

from __future__ import annotations

import importlib
import inspect
import re
from typing import Any

from .draft import Draft
from .layers import select_layers
from .sizes import Target, kind_of, shrink_list, uniform_target

LEAST_IMAGE = 32  # pixels


def guess(draft: Draft, target: Target, least_layers: int = 2) -> None:
    """Fills `draft.changes` of all nodes with tiny values."""
    widest = max((v for _, node in draft.walk() for v in _stage_widths(node)), default=0)
    for _, node in draft.walk():
        node.changes.clear()
        select_layers(node, least_layers)
        _shrink_numbers(node, target, widest)
        _shrink_overrides(node, target)
        _fit_images(node)
        _fit_rotary(node)
        _fit_groups(node)
        _fit_fractions(node)
        _limit_counts(node)
    _fit_feature_layers(draft)
    _fit_image_tokens(draft)
    _fit_memory(draft)
    _fill_head_sizes(draft)
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
    """Each number and list of numbers by the kind that its name tells."""
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
    """How often the first width doubles; 0 where there are no stages."""
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
        return value  # a window of sound frames, which is few already and divided by the rate
    return target(kind, name, value)


def _heads_beside(node: Draft, name: str) -> int | None:
    """The number of query heads that belongs to a number of key/value heads."""
    for query in (
        name.replace("num_key_value_heads", "num_attention_heads"),
        name.replace("key_value_", ""),
        "num_attention_heads",
    ):
        if query != name and isinstance(node.values.get(query), int):
            return node.values[query]
    return None


def _is_settable(node: Draft, name: str) -> bool:
    """Whether the class takes the attribute: a declared field that it does not derive."""
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


def _fit_images(node: Draft) -> None:
    """A few patches a side: 4 of small patches, 2 of large ones, never under 32 pixels."""
    for name, value in node.values.items():
        hands_on = isinstance(getattr(node.cls, name, None), property)  # to its parts, when set
        if kind_of(name) == "image" and (hands_on or name in node.cls.__dataclass_fields__):
            parts = [part for _, part in node.walk() if "patch_size" in part.values]
            side = max(map(_patch_side, parts)) if hands_on and parts else _patch_side(node)
            tiny = max(LEAST_IMAGE, side * (4 if side <= 20 else 2) * _halvings(node))
            if isinstance(value, int) and value > tiny and not isinstance(value, bool):
                node.changes[name] = tiny
            elif isinstance(value, list) and all(isinstance(v, int) for v in value):
                node.changes[name] = [min(v, tiny) for v in value]
    if "image_embedding_size" in node.values and isinstance(node.get("image_size"), int):
        node.changes["image_embedding_size"] = node.get("image_size") // _patch_side(node)


def _halvings(node: Draft) -> int:
    """By what a backbone of stages divides the patches a side: half at each but the first."""
    stages = node.values.get("depths")
    return 2 ** (len(stages) - 1) if isinstance(stages, list) and stages else 1


def _patch_side(node: Draft) -> int:
    """The larger side of a patch in pixels; 16 where none is named."""
    patch = node.values.get("patch_size")
    if isinstance(patch, list | tuple):
        patch = max((v for v in patch if isinstance(v, int)), default=None)
    return patch if isinstance(patch, int) and patch else 16


IMAGE_GRIDS = re.compile(r"^image_grid_pinpoints$|^backbone_feature_sizes$|_rope_\w+_sizes$")
IMAGE_TOKENS = re.compile(
    r"^(mm_tokens_per_image|image_seq_len(gth)?|num_image_tokens|vision_soft_tokens_per_image)$"
)


def _fit_memory(draft: Draft) -> None:
    """A tracker's features stay wider than its memories, whose width is fixed in its code."""
    nodes = [node for _, node in draft.walk()]
    tracker = next((n for n in nodes if "memory_encoder_output_channels" in n.values), None)
    if tracker is None:
        return
    memory, features = (
        tracker.values[name]
        for name in ("memory_encoder_output_channels", "memory_attention_hidden_size")
    )
    for node in nodes:
        for name, value in node.values.items():
            if kind_of(name) == "width" and value == features and "latents" not in name:
                node.changes[name] = 2 * memory
    tracker.changes["memory_encoder_output_channels"] = memory
    if "perceiver_resampler_num_latents_2d" in tracker.values:  # a square of windows
        tracker.changes["memory_attention_rope_k_sizes"] = [2, 2]
        tracker.changes["perceiver_resampler_num_latents_2d"] = 4


def _fit_image_tokens(draft: Draft) -> None:
    """What is counted in patches or pixels of the image follows its new size."""
    sizes = [
        (_side(node.values["image_size"]), _side(node.get("image_size")))
        for _, node in draft.walk()
        if node.values.get("image_size")
    ]
    if not sizes:
        return
    old, new = max(sizes)
    for _, node in draft.walk():
        for name, value in node.values.items():
            if isinstance(value, int) and IMAGE_TOKENS.search(name):
                node.changes[name] = max(1, value * new * new // (old * old))
            elif isinstance(value, list) and value and IMAGE_GRIDS.search(name):
                node.changes[name] = _scaled(value, new, old)


def _side(size: Any) -> int:
    """One side of an image, given as a number or as height and width."""
    return size if isinstance(size, int) else size[-1]


def _scaled(values: list[Any], new: int, old: int) -> list[Any]:
    return [_scaled(v, new, old) if isinstance(v, list) else max(1, v * new // old) for v in values]


def _fill_head_sizes(draft: Draft) -> None:
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


def _fit_rotary(node: Draft) -> None:
    """Multi-axis rotary sections follow the head size, those that only the code knows too."""
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
    found = re.search(pattern, inspect.getsource(module))
    return [int(v) for v in found[1].split(",")] if found else None


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
    """Whole numbers in the old proportions, at least 1 each, with the given sum."""
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


UNLIMITED = {"max_keypoints": 64}  # counts that are -1 where there is no limit


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
