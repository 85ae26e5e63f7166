"""A spectrogram, or an audio clip to compute one from, in, a waveform out (task `vocoder`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.media.series import as_finite
from hf_skillset_runtime.tasks.audio import audio_features
from hf_skillset_runtime.tasks.encoded import Encoded


def encode(items: list[Any], feature_extractor: Any, config: Any, seed: int = 0) -> list[Encoded]:
    """One call for each audio clip or `{"spectrogram": (frames, bins)}`, with noise from `seed`."""
    return [Encoded(features_of(item, feature_extractor, config, seed)) for item in items]


def features_of(item: Any, feature_extractor: Any, config: Any, seed: int) -> dict[str, Any]:
    """The spectrogram of one item and the noise that the waveform is generated from."""
    noise = np.random.default_rng(seed)
    if not (isinstance(item, dict) and "spectrogram" in item):
        return audio_features([item], feature_extractor, generator=noise)
    spectrogram = as_finite(item["spectrogram"])
    if spectrogram.ndim != 2 or spectrogram.shape[1] != config.num_mel_bins:
        raise ValueError(
            f"expected a spectrogram (frames, {config.num_mel_bins}), got {spectrogram.shape}"
        )
    shape = (1, len(spectrogram), config.model_in_channels)
    return {
        "input_features": spectrogram[None],
        "noise_sequence": noise.standard_normal(shape, np.float32),
    }


def decode(
    outputs: list[Mapping[str, np.ndarray]],
    encoded: list[Encoded],
    feature_extractor: Any,
    config: Any,
) -> list[dict[str, Any]]:
    """Per item the `audio` (samples,) and its `sampling_rate`."""
    rate = feature_extractor.sampling_rate
    return [{"audio": call["waveforms"][0], "sampling_rate": rate} for call in outputs]
