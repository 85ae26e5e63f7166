"""Sizes of images in a draft, and counts of their patches."""

from __future__ import annotations

import re
from typing import Any

from .draft import Draft
from .sizes import kind_of

LEAST_IMAGE = 32  # pixels


def fit_images(node: Draft) -> None:
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
    """The factor by which stages reduce the patches per side: 2 for each but the first."""
    stages = node.values.get("depths")
    return 2 ** (len(stages) - 1) if isinstance(stages, list) and stages else 1


def _patch_side(node: Draft) -> int:
    """The larger side of a patch in pixels; 16 if none is configured."""
    patch = node.values.get("patch_size")
    if isinstance(patch, list | tuple):
        patch = max((v for v in patch if isinstance(v, int)), default=None)
    return patch if isinstance(patch, int) and patch else 16


IMAGE_GRIDS = re.compile(r"^image_grid_pinpoints$|^backbone_feature_sizes$|_rope_\w+_sizes$")

IMAGE_TOKENS = re.compile(
    r"^(mm_tokens_per_image|image_seq_len(gth)?|num_image_tokens|vision_soft_tokens_per_image)$"
)


def fit_memory(draft: Draft) -> None:
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


def fit_image_tokens(draft: Draft) -> None:
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
