"""Dummy inputs of parts of a model: what another part would hand over."""

from __future__ import annotations

from typing import Any

from .audio import SAMPLES
from .images import flat_patches
from .sampler import Sampler, fills
from .text import TEXT_LENGTH


@fills("hidden_states")
def _tower_input(sampler: Sampler) -> Any:
    if sampler.layout == 0:
        return flat_patches(sampler)
    width = sampler.number("hidden_size", default=64)
    return sampler.normal(1, 1, SAMPLES) if sampler.layout == 1 else sampler.normal(1, width, 16)


@fills("encoder_hidden_states")
def _encoder_states(sampler: Sampler) -> Any:
    width = sampler.number(
        "encoder_hidden_size", "cross_attention_hidden_size", "hidden_size", "d_model", default=64
    )
    return sampler.normal(1, TEXT_LENGTH, width)


@fills("inputs_embeds", "query_embeds", "context_hidden_states", "noise_embeds")
def _embeddings(sampler: Sampler) -> Any:
    width = sampler.number("hidden_size", "d_model", near=("text", "backbone"), default=64)
    return sampler.normal(1, TEXT_LENGTH, width)


@fills("latents")
def _latents(sampler: Sampler) -> Any:
    names = ("latent_dim", "latent_channels", "hidden_size")
    width = sampler.number(*(names[2:] if sampler.layout == 2 else names), default=64)
    shape = (1, TEXT_LENGTH, width) if sampler.layout == 0 else (1, width, TEXT_LENGTH)
    return sampler.normal(*shape)
