"""Dummy inputs of vision models: pixels, patches in rows, their grids and masks."""

from __future__ import annotations

from typing import Any

from .sampler import Sampler, fills
from .text import text_shape

IMAGE_SIDE = 64  # pixels, where the configuration names no image size


def image_shape(sampler: Sampler) -> tuple[int, int, int]:
    """Channels, height and width of an image."""
    near = ("vision", "image", "backbone", "encoder")
    channels = sampler.number(
        "num_channels", "in_channels", "in_chans", "num_input_channels", near=near, default=3
    )
    size = sampler.number(
        "image_size", "img_size", "crop_size", "pretrain_image_size", near=near, default=IMAGE_SIDE
    )
    height, width = (size, size) if isinstance(size, int) else tuple(size)[-2:]
    return channels if isinstance(channels, int) else 3, height, width


def patch_sizes(sampler: Sampler) -> tuple[int, int, int]:
    """Patch side in pixels, frames in a temporal patch and merged patches a side."""
    near = ("vision", "image")
    patch = sampler.number("patch_size", near=near, default=14)
    merge = sampler.number(
        "spatial_merge_size", "merge_size", "merge_kernel_size", near=near, default=2
    )
    patch = patch if isinstance(patch, int) else patch[-1]
    merge = merge if isinstance(merge, int) else merge[-1]
    return (
        patch,
        sampler.number("temporal_patch_size", "patch_temporal", near=near, default=1),
        merge,
    )


def flat_patches(sampler: Sampler) -> Any:
    """Patches of one image of 4 x 4 (or twice the merge size) patches, a row each."""
    channels, _, _ = image_shape(sampler)
    patch, frames, merge = patch_sizes(sampler)
    side = max(4, 2 * merge)
    return sampler.normal(side * side, channels * frames * patch * patch)


@fills("image_grid_thw", "grid_thw")
def _grid(sampler: Sampler) -> Any:
    import torch

    side = max(4, 2 * patch_sizes(sampler)[2])
    return torch.tensor([[1, side, side]])


@fills(
    "pixel_values",
    "high_res_pixel_values",
    "prompt_pixel_values",
    "prompt_masks",
    "images",
    "image",
)
def _pixels(sampler: Sampler) -> Any:
    if "image_grid_thw" in sampler.parameters or "grid_thw" in sampler.parameters:
        name = "image_grid_thw" if "image_grid_thw" in sampler.parameters else "grid_thw"
        sampler.made[name] = _grid(sampler)
        patches = flat_patches(sampler)
        return patches[None] if sampler.layout == 1 else patches
    channels, height, width = image_shape(sampler)
    if "spatial_shapes" in sampler.parameters:
        return flat_patches(sampler)[None, :16]
    if sampler.layout == 1 and sampler.number("image_grid_pinpoints"):
        return sampler.normal(1, 5, channels, height, width)  # the image and its four quarters
    if sampler.layout >= 2:  # several frames, or the two images of a pair
        frames = sampler.number("num_frames", default=4) if sampler.layout == 2 else 2
        return sampler.normal(1, frames, channels, height, width)
    return sampler.normal(*(1,) * (sampler.layout + 1), channels, height, width)


@fills("pixel_mask", "pixel_attention_mask")
def _pixel_mask(sampler: Sampler) -> Any:
    import torch

    pixels = sampler.made["pixel_values"].shape
    if len(pixels) == 3 or sampler.layout == 3:  # patches, or tiles, and not pixels
        return torch.ones(pixels[:2], dtype=torch.bool)
    return torch.ones((*pixels[:-3], *pixels[-2:]), dtype=torch.bool)


@fills("image_sizes", "target_sizes")
def _image_sizes(sampler: Sampler) -> Any:
    import torch

    scale = 2 if sampler.number("image_grid_pinpoints") else 1
    return torch.tensor([image_shape(sampler)[1:]]) * scale


@fills("codebook_pixel_values")
def _codebook_pixels(sampler: Sampler) -> Any:
    size = sampler.number("input_size", default=112)
    return sampler.normal(1, 3, size, size)


@fills("spatial_shapes")
def _spatial_shapes(sampler: Sampler) -> Any:
    import torch

    return torch.tensor([[4, 4]])


@fills("image_merge_sizes", "merge_sizes")
def _merge_sizes(sampler: Sampler) -> Any:
    import torch

    return torch.tensor([patch_sizes(sampler)[2]])


@fills("bool_masked_pos")
def _masked_patches(sampler: Sampler) -> Any:
    import torch

    _, height, width = image_shape(sampler)
    patch, _, _ = patch_sizes(sampler)
    tubelet = sampler.number("tubelet_size")
    depth = sampler.number("num_frames", default=1) // tubelet if isinstance(tubelet, int) else 1
    mask = torch.zeros((1, depth * (height // patch) * (width // patch)), dtype=torch.bool)
    mask[:, ::2] = True
    return mask


@fills("image_embeds_position_mask")
def _image_positions(sampler: Sampler) -> Any:
    import torch

    mask = torch.zeros(text_shape(sampler), dtype=torch.long)
    mask[:, : sampler.number("latent_query_num", default=1)] = 1
    return mask
