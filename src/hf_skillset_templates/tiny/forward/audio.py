"""Dummy inputs of audio models: spectrograms, waveforms, masks of frames."""

from __future__ import annotations

from typing import Any

from .sampler import Sampler, fills

AUDIO_FRAMES = 400  # spectrogram frames, where the configuration names no length

SAMPLES = 15_360  # of a waveform: about a second, a multiple of the usual hop lengths


@fills("input_features_mask", "audio_mel_mask", "feature_attention_mask")
def _frames_mask(sampler: Sampler) -> Any:
    import torch

    features = next(sampler.made[n] for n in ("input_features", "audio_mel") if n in sampler.made)
    return torch.ones((1, max(features.shape[1:])), dtype=torch.bool)


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
