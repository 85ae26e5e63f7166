"""Dummy inputs for a model, made from its forward signature and its configuration.

They show that a configuration builds a model that runs; what a processor really hands over
is somebody else's subject. Every input is named in one table by the parameter it fills.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hf_skillset_templates.tiny.configs import nodes

TEXT_LENGTH = 16  # tokens
IMAGE_SIDE = 64  # pixels, where the configuration names no image size
AUDIO_FRAMES = 400  # spectrogram frames, where the configuration names no length
SAMPLES = 15_360  # of a waveform: about a second, a multiple of the usual hop lengths

Builder = Callable[["Sampler"], Any]
BUILDERS: dict[str, Builder] = {}


def fills(*names: str) -> Callable[[Builder], Builder]:
    """Registers the builder of the parameters so named."""

    def register(builder: Builder) -> Builder:
        BUILDERS.update(dict.fromkeys(names, builder))
        return builder

    return register


class Sampler:
    """Reads sizes from a configuration tree and draws tensors from a fixed seed."""

    def __init__(self, model: Any, layout: int = 0, given: dict[str, Any] | None = None) -> None:
        import torch

        self.model = model
        self.layout = layout
        self.given = given or {}
        self.config = model.config
        self.generator = torch.Generator().manual_seed(0)
        self.made: dict[str, Any] = {}
        parameters = inspect.signature(model.forward).parameters.values()
        self.parameters = {
            p.name: p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        }

    def configs(self, *near: str) -> Iterator[Any]:
        """All configurations, those under a key that contains one of `near` first."""
        found = list(nodes(self.config))
        yield from (c for path, c in found if any(word in path for word in near))
        yield from (c for path, c in found if not any(word in path for word in near))

    def number(self, *names: str, near: tuple[str, ...] = (), default: Any = None) -> Any:
        """The first of these attributes that some configuration has, the nearest first."""
        for config in self.configs(*near):
            for name in names:
                value = read(config, name)
                if value is not None and value != []:
                    return value
        return default

    def normal(self, *shape: int) -> Any:
        import torch

        return torch.randn(*shape, generator=self.generator)

    def integers(self, low: int, high: int, *shape: int) -> Any:
        import torch

        return torch.randint(low, max(low + 1, high), shape, generator=self.generator)

    def build(self, names: list[str]) -> dict[str, Any]:
        """The named inputs; one that no row can fill raises."""
        for name in names:
            if name not in self.made:
                own = f"{type(self.model).__name__}.{name}"
                if own in self.given or name in self.given:
                    value = literal(self.given.get(own, self.given.get(name)), self)
                elif name in BUILDERS:
                    value = BUILDERS[name](self)
                else:
                    raise LookupError(f"no sample for the input {name}")
                if value is not None:
                    self.made[name] = value
        return self.made


def literal(spec: Any, sampler: Sampler) -> Any:
    """A hand-written input: `{shape, dtype}` of a random tensor, or its very values."""
    import torch

    if isinstance(spec, dict) and "shape" in spec:
        if spec.get("dtype", "float") == "float":
            return sampler.normal(*spec["shape"])
        return sampler.integers(0, spec.get("below", 2), *spec["shape"]).to(
            getattr(torch, spec["dtype"])
        )
    return (
        torch.tensor(spec)
        if isinstance(spec, list | int | float) and not isinstance(spec, bool)
        else spec
    )


LAYOUTS = range(4)  # the orders of axes tried for sound and images


def read(config: Any, name: str) -> Any:
    """An attribute of a configuration, None where it has none."""
    try:
        return config._getattr_without_heterogeneous_validation(name, None)
    except Exception:
        return None


# Inputs given when the signature has them although the model can do without.
WELCOME = (
    "input_ids",
    "pixel_values",
    "input_features",
    "input_values",
    "past_values",
    "decoder_input_ids",
    "audio_values",
    "flattened_patches",
)


def input_names(sampler: Sampler, only_main: bool) -> list[str]:
    """Which parameters to fill: the required, the main one, and those of the other towers."""
    main = getattr(sampler.model, "main_input_name", "input_ids")
    mains = [main] if isinstance(main, str) else list(main)
    names = [name for name, p in sampler.parameters.items() if p.default is p.empty]
    names += [name for name in mains if name in sampler.parameters]
    if not only_main:
        names += [name for name in WELCOME if name in sampler.parameters]
    if "decoder_input_ids" in sampler.parameters and "input_values" not in mains:
        names.append("decoder_input_ids")
    return list(dict.fromkeys(names))


def sample_inputs(
    model: Any,
    only_main: bool = False,
    layout: int = 0,
    given: dict[str, Any] | None = None,
    wanted: Sequence[str] = (),
) -> dict[str, Any]:
    """Inputs for `model.forward`; `only_main` leaves out what the model can do without.

    `layout` chooses the order of axes where models differ, `given` holds hand-written inputs
    and `wanted` names further ones.
    """
    sampler = Sampler(model, layout, given)
    names = input_names(sampler, only_main)
    names += [n for n in sampler.given if n in sampler.parameters]
    inputs = sampler.build([*names, *wanted])
    if "input_ids" in inputs:
        for tower in TOWERS:
            place_tower_tokens(sampler, *tower)
    if type(model).__name__.endswith("ForMultipleChoice"):
        inputs = {
            name: value[:, None].repeat_interleave(2, dim=1) for name, value in inputs.items()
        }
    return inputs


# (input, other inputs of the same tower, method that gives its features, names of its token)
TOWERS = (
    (
        "pixel_values",
        "get_image_features",
        ("image_token_id", "image_token_index", "image_patch_id", "media_token_id"),
    ),
    ("input_features", "get_audio_features", ("audio_token_id", "audio_token_index")),
    ("input_values", "get_audio_features", ("audio_token_id", "audio_token_index")),
)


def place_tower_tokens(
    sampler: Sampler, name: str, method: str, token_names: tuple[str, ...]
) -> None:
    """Puts as many placeholder tokens into the text as the tower has features."""
    import torch

    token = next(
        (t for t in (read(sampler.config, n) for n in token_names) if isinstance(t, int)), None
    )
    inner = getattr(sampler.model, "model", None)
    base = next((m for m in (inner, sampler.model) if hasattr(m, method)), None)
    if name not in sampler.made or token is None or base is None:
        return
    accepted = inspect.signature(getattr(base, method)).parameters
    sampler.build([n for n, p in accepted.items() if p.default is p.empty and n in BUILDERS])
    takes_all = any(p.kind is p.VAR_KEYWORD for p in accepted.values())
    needed = {name for name, p in accepted.items() if p.default is p.empty}
    optional = {"input_ids", "attention_mask"} - needed
    tower = {k: v for k, v in sampler.made.items() if k in accepted and k not in optional}
    with torch.no_grad():
        features = getattr(base, method)(
            **tower, **({"return_dict": True} if takes_all or "return_dict" in accepted else {})
        )
    count = count_features(features)
    text = sampler.made["input_ids"]
    placeholders = torch.full((text.shape[0], count), token)
    sampler.made["input_ids"] = torch.cat([text[:, :2], placeholders, text[:, 2:]], dim=1)
    if "mm_token_type_ids" in sampler.parameters:
        sampler.made["mm_token_type_ids"] = (sampler.made["input_ids"] == token).long()
    if "token_type_ids" in sampler.parameters:
        sampler.made["token_type_ids"] = (sampler.made["input_ids"] == token).long()


def count_features(features: Any) -> int:
    """Rows of the features of one sample, whatever container a tower returns them in."""
    import torch

    pooled = getattr(features, "pooler_output", None)
    if pooled is None and hasattr(features, "last_hidden_state"):
        pooled = features.last_hidden_state
    pooled = features if pooled is None else pooled
    leaves = [
        leaf for leaf in torch.utils._pytree.tree_leaves(pooled) if isinstance(leaf, torch.Tensor)
    ]
    if not isinstance(pooled, torch.Tensor | list | tuple):
        leaves = leaves[:1]
    return sum(leaf.numel() // leaf.shape[-1] for leaf in leaves)


def special_ids(config: Any) -> set[int]:
    """Token ids with a meaning, which running text must not hold."""
    found: set[int] = set()
    for _, node in nodes(config):
        for name, value in vars(node).items():
            if re.search(r"_(id|index)$", name) and isinstance(value, int):
                found.add(value)
    return found


def tokens(sampler: Sampler, vocab: int, length: int) -> Any:
    """Token ids without special ones, one sentence."""
    special = special_ids(sampler.config)
    plain = [i for i in range(5, vocab) if i not in special][: max(64, vocab // 2)] or [0]
    import torch

    ids = [plain[i] for i in sampler.integers(0, len(plain), length).tolist()]
    end = sampler.number("eos_token_id", near=("text",))
    if isinstance(end, int) and 0 <= end < vocab:
        ids[-1] = end  # sequence classification heads of encoder-decoders look for it
    return torch.tensor([ids])


@fills(
    "input_ids",
    "tasks_input_ids",
    "qformer_input_ids",
    "labels",
    "context_input_ids",
    "classes_input_ids",
)
def _text(sampler: Sampler) -> Any:
    ids = text_ids(sampler, ("text", "encoder"))
    return ids if "decoder_input_ids" in sampler.parameters else in_codebooks(sampler, ids)


def in_codebooks(sampler: Sampler, ids: Any) -> Any:
    """Token ids as models of audio codes take them: a row, or a column, for each codebook."""
    books = sampler.number("num_codebooks", near=("decoder",))
    for path, config in nodes(sampler.config):
        if books is None and "decoder" in path:
            books = read(config, "num_channels")
    if sampler.layout == 1 and isinstance(books, int):
        return ids.repeat(books, 1)
    if sampler.layout == 2 and isinstance(books, int):
        return ids[..., None].repeat(1, 1, books)
    return ids


@fills("decoder_input_ids")
def _decoder_text(sampler: Sampler) -> Any:
    return in_codebooks(sampler, text_ids(sampler, ("decoder", "text")))


def text_ids(sampler: Sampler, near: tuple[str, ...]) -> Any:
    """A short text for the part of the model that lies nearest."""
    vocab = sampler.number("vocab_size", "src_vocab_size", "text_vocab_size", near=near, default=64)
    length = sampler.number("max_position_embeddings", near=near, default=TEXT_LENGTH)
    length = min(TEXT_LENGTH, length) if isinstance(length, int) and length > 0 else TEXT_LENGTH
    return tokens(sampler, vocab if isinstance(vocab, int) else 64, length)


@fills("input_features_mask", "audio_mel_mask", "feature_attention_mask")
def _frames_mask(sampler: Sampler) -> Any:
    import torch

    features = next(sampler.made[n] for n in ("input_features", "audio_mel") if n in sampler.made)
    return torch.ones((1, max(features.shape[1:])), dtype=torch.bool)


@fills(
    "attention_mask",
    "tasks_attention_mask",
    "qformer_attention_mask",
    "classes_attention_mask",
    "input_values_mask",
    "padding_mask",
    "decoder_attention_mask",
    "text_attention_mask",
    "bbox_first_token_mask",
)
def _mask(sampler: Sampler) -> Any:
    import torch

    main = next(iter(sampler.made.values()))
    return torch.ones(main.shape[:2], dtype=torch.long)


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


@fills("hidden_states")
def _tower_input(sampler: Sampler) -> Any:
    if sampler.layout == 0:
        return flat_patches(sampler)
    width = sampler.number("hidden_size", default=64)
    return sampler.normal(1, 1, SAMPLES) if sampler.layout == 1 else sampler.normal(1, width, 16)


@fills("pixel_values_videos")
def _video(sampler: Sampler) -> Any:
    channels, height, width = image_shape(sampler)
    frames = sampler.number("num_frames", "frames_per_clip", near=("video", "vision"), default=4)
    return sampler.normal(1, frames, channels, height, width)


@fills("input_features", "audio_mel")
def _spectrogram(sampler: Sampler) -> Any:
    near = ("audio", "speech", "encoder")
    mels = sampler.number(
        "num_mel_bins",
        "feature_projection_input_dim",
        "input_feat_size",
        "input_dim",
        "feature_size",
        "input_feat_per_channel",
        "n_mel_bins",
        "mel_dim",
        "input_size",
        near=near,
        default=80,
    )
    positions = sampler.number("max_source_positions", near=near)
    if sampler.layout == 1:
        return sampler.normal(
            1,
            mels,
            2 * positions if isinstance(positions, int) and positions <= 1500 else AUDIO_FRAMES,
        )
    if sampler.layout == 2:
        return sampler.normal(
            1, 1, sampler.number("spec_size", near=near, default=AUDIO_FRAMES), mels
        )
    return sampler.normal(1, AUDIO_FRAMES, mels)


@fills("input_values", "audio_values")
def _waveform(sampler: Sampler) -> Any:
    mels, length = sampler.number("num_mel_bins"), sampler.number("max_length")
    if isinstance(mels, int) and isinstance(length, int):
        return sampler.normal(1, length, mels)
    if sampler.layout == 2 and isinstance(mels, int):
        return sampler.normal(1, AUDIO_FRAMES, mels)
    channels = sampler.number("audio_channels", default=1)
    is_codec = sampler.number("audio_channels", "codebook_size", "n_codebooks", near=()) is not None
    return (
        sampler.normal(1, channels, SAMPLES)
        if is_codec != bool(sampler.layout)
        else sampler.normal(1, SAMPLES)
    )


@fills("bbox")
def _boxes(sampler: Sampler) -> Any:
    import torch

    corner = torch.tensor([10, 10, 40, 40])
    return corner.expand(*_text_shape(sampler), 4).clone()


def _text_shape(sampler: Sampler) -> tuple[int, ...]:
    sampler.build(["input_ids"])
    return tuple(sampler.made["input_ids"].shape)


@fills("encoder_hidden_states")
def _encoder_states(sampler: Sampler) -> Any:
    width = sampler.number(
        "encoder_hidden_size", "cross_attention_hidden_size", "hidden_size", "d_model", default=64
    )
    return sampler.normal(1, TEXT_LENGTH, width)


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


@fills("inputs_embeds", "query_embeds", "context_hidden_states", "noise_embeds")
def _embeddings(sampler: Sampler) -> Any:
    width = sampler.number("hidden_size", "d_model", near=("text", "backbone"), default=64)
    return sampler.normal(1, TEXT_LENGTH, width)


@fills("past_values")
def _series(sampler: Sampler) -> Any:
    length = sampler.number("context_length", default=32)
    return sampler.normal(1, length, sampler.number("num_input_channels", default=1))


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


@fills("inference_session")
def _session(sampler: Sampler) -> Any:
    """A video of two frames in which one object was marked by a point."""
    module = importlib.import_module(type(sampler.model).__module__)
    found = [v for n, v in vars(module).items() if n.endswith("InferenceSession")]
    channels, height, width = image_shape(sampler)
    video = sampler.normal(2, channels, height, width)
    import torch

    session = found[0](video=video, video_height=height, video_width=width, dtype=torch.float32)
    sampler.made["frame_idx"] = 0
    point = {"point_coords": torch.ones(1, 1, 1, 2), "point_labels": torch.ones(1, 1, 1).int()}
    session.add_point_inputs(session.obj_id_to_idx(1), 0, point)
    session.obj_with_new_inputs = [1]
    return session


@fills("image_embeds_position_mask")
def _image_positions(sampler: Sampler) -> Any:
    import torch

    mask = torch.zeros(_text_shape(sampler), dtype=torch.long)
    mask[:, : sampler.number("latent_query_num", default=1)] = 1
    return mask


@fills("latents")
def _latents(sampler: Sampler) -> Any:
    names = ("latent_dim", "latent_channels", "hidden_size")
    width = sampler.number(*(names[2:] if sampler.layout == 2 else names), default=64)
    shape = (1, TEXT_LENGTH, width) if sampler.layout == 0 else (1, width, TEXT_LENGTH)
    return sampler.normal(*shape)
