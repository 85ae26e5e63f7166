"""Image and video processors with the sizes of the tiny model."""

from __future__ import annotations

import math
from typing import Any

import torch
from transformers import AutoModel, PreTrainedConfig

from hf_skillset_templates.tiny.configs import first_value, nodes

VISION = ("vision", "visual", "image", "vit", "backbone", "encoder")
# For architectures without a fixed image size: two pixels remain after five halvings.
ANY_SIZE = 64
# Frames of a video, where the configuration does not count them.
FRAMES = 8
# Numbers from which on a "size" counts pixels of area, as Qwen2-VL's processors do.
AREA = 2500
# What a processor calls by another name than the configuration.
SAME = {
    "patch_size": ("patch_size", "spatial_patch_size"),
    "encoder_patch_size": ("patch_size",),
    "temporal_patch_size": ("temporal_patch_size",),
    "merge_size": ("spatial_merge_size", "merge_size", "merge_kernel_size"),
    "downsample_factor": ("downsample_factor",),
    "pooling_kernel_size": ("pooling_kernel_size",),
    "max_soft_tokens": ("max_soft_tokens", "mm_tokens_per_image"),
    "num_frames": ("num_frames",),
    "image_grid_pinpoints": ("image_grid_pinpoints",),
    "tubelet_size": ("tubelet_size",),
    "max_num_patches": ("num_patches",),
}


def build_vision_processor(
    processor_class: type, config: PreTrainedConfig, options: dict[str, Any] | None = None
) -> Any:
    """An image or video processor whose output has the size that the model takes."""
    options = dict(options or {})
    side = options.pop("side", None) or image_side(config)
    unit = patch_unit(config)
    defaults = _defaults(processor_class, options)
    settings: dict[str, Any] = {}
    for name, default in defaults.items():
        if name in SAME:
            settings[name] = _same_kind(first_value(config, SAME[name], VISION), default)
            if name == "num_frames" and settings[name] is None and default:
                settings[name] = min(default, FRAMES)
        elif name.startswith("mask_") and isinstance(default, dict):
            settings[name] = _in_proportion(default, defaults["size"], side)
        elif name == "size" or (name.endswith("_size") and isinstance(default, dict)):
            settings[name] = tiny_size(default, side, unit)
            if name == "size" and cuts_windows(config):
                settings[name] = {"height": side, "width": side}
        elif name == "character_list" and not default:
            settings[name] = characters(first_value(config, ("head_out_channels",)) or 0)
        elif name in {"min_pixels", "max_pixels"} and default is not None:
            settings[name] = _area(side, unit) * (1 if name == "max_pixels" else 0) or unit * unit
        elif name in {"image_size", "img_size", "max_image_size", "tile_size"} and isinstance(
            default, int
        ):
            settings[name] = side
    settings = {name: value for name, value in settings.items() if value is not None}
    return processor_class(**{**settings, **options})


def _defaults(processor_class: type, options: dict[str, Any]) -> dict[str, Any]:
    """The class's own settings; also those of the options if they are required."""
    try:
        return dict(processor_class().to_dict())
    except (TypeError, ValueError):
        return dict(processor_class(**options).to_dict())


def characters(count: int) -> list[str]:
    """A character for each class of a text recogniser; the first is the blank."""
    return ["blank", *map(chr, range(ord("!"), ord("!") + count - 1))] if count else []


def _in_proportion(size: dict[str, int], to: dict[str, int], side: int) -> dict[str, int]:
    """Another size of the processor, shrunk as much as the image's own."""
    whole = max(value for value in to.values() if value)
    return {name: value * side // whole for name, value in size.items() if value}


def image_side(config: PreTrainedConfig) -> int:
    """Height and width of the images that the model takes, in pixels."""
    value = first_value(config, ("image_size", "img_size", "input_size", "resolution"), VISION)
    if ratios := first_value(config, ("scaled_images_ratios",)):
        value = config.patch_size / min(ratios)  # the smallest copy of it is one patch
    if isinstance(value, dict):
        value = max(value.values())
    if isinstance(value, (list, tuple)):
        value = max(value, default=ANY_SIZE)
    return int(value) if value else ANY_SIZE


def patch_unit(config: PreTrainedConfig) -> int:
    """Pixels that height and width must be a multiple of: a patch times the merge factor."""
    patch = first_value(config, ("patch_size", "spatial_patch_size"), VISION) or 1
    merge = first_value(config, ("spatial_merge_size", "merge_size"), VISION) or 1
    patch, merge = (max(v) if isinstance(v, (list, tuple)) else v for v in (patch, merge))
    return int(patch) * int(merge)


def tiny_size(default: Any, side: int, unit: int) -> Any:
    """A size in the processor's own form (edge lengths or areas), shrunk to `side`."""
    if isinstance(default, int):
        return side
    if not isinstance(default, dict):
        return None
    edges = {name: value for name, value in default.items() if value is not None}
    if "height" not in edges and any(value > AREA for value in edges.values()):
        return {
            name: unit * unit if name == "shortest_edge" else _area(side, unit) for name in edges
        }
    if set(edges.values()) == {unit}:  # it cuts patches instead of resizing
        return default
    if set(edges) == {"shortest_edge", "longest_edge"}:
        return {
            "shortest_edge": side,
            "longest_edge": side * 2 if edges["longest_edge"] > edges["shortest_edge"] else side,
        }
    return dict.fromkeys(edges, side)


def cuts_windows(config: PreTrainedConfig) -> bool:
    """Whether the model divides every image into the same number of windows."""
    return first_value(config, ("num_windows",), VISION) is not None


def _area(side: int, unit: int) -> int:
    """An area that an image of the sample's size fills with a few patches."""
    return max(min(side, ANY_SIZE), unit * 4) ** 2


def _same_kind(value: Any, default: Any) -> Any:
    """The configuration's value in the form that the processor's default has."""
    if value is None or value is True:
        return None
    if isinstance(default, dict):
        height, width = value if isinstance(value, (list, tuple)) else (value, value)
        return {name: height if name == "height" else width for name in default}
    if isinstance(default, int) and isinstance(value, (list, tuple)):
        return value[-1]
    if isinstance(default, int) and isinstance(value, float):
        return math.ceil(value)
    return value


def class_embeddings(config: PreTrainedConfig) -> int:
    """How many embeddings the vision tower puts before those of the patches."""
    vision = next((node for path, node in nodes(config) if "vision" in path), None)
    if vision is None:
        return 0
    try:
        with torch.device("meta"):
            tower = AutoModel.from_config(vision)
    except ValueError:  # no model of its own: no class embedding either
        return 0
    return int(
        any(name.endswith(("class_embedding", "cls_token")) for name, _ in tower.named_parameters())
    )


def align_frames(config: PreTrainedConfig) -> None:
    """Shorten the clips of models that require a fixed number of frames."""
    for _, node in nodes(config):
        for name in ("num_frames", "frames_per_clip"):
            if isinstance(getattr(node, name, None), int) and getattr(node, name) > FRAMES:
                setattr(node, name, FRAMES)


def align_pinpoints(config: PreTrainedConfig) -> None:
    """Let "any resolution" models choose among grids of one and two tiles."""
    side = image_side(config)
    for _, node in nodes(config):
        if getattr(node, "image_grid_pinpoints", None):
            node.image_grid_pinpoints = [[side, side * 2], [side * 2, side], [side * 2, side * 2]]
