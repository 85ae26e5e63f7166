"""Audio in, its codes and the audio clip rebuilt from them out (task `audio-tokenization`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.media.audio import load_audio
from hf_skillset_runtime.tasks.audio import model_features
from hf_skillset_runtime.tasks.encoded import Encoded


def encode(
    audios: list[Any], feature_extractor: Any, config: Any, facts: Mapping[str, Any]
) -> Encoded:
    """Load and resample each audio clip, and compute the model's features."""
    rate = feature_extractor.sampling_rate
    waveforms = [load_audio(clip, rate) for clip in audios]
    stereo = getattr(config, "audio_channels", 1) == 2
    channels = [np.stack([mono, mono], axis=-1) if stereo else mono for mono in waveforms]
    inputs: dict[str, Any] = model_features(channels, feature_extractor)
    inputs |= facts.get("inputs", {})
    return Encoded(inputs, context=[len(waveform) for waveform in waveforms])


def decode(
    outputs: Mapping[str, np.ndarray], encoded: Encoded, feature_extractor: Any, config: Any
) -> list[dict[str, Any]]:
    """Per clip `audio_codes` (codebooks, frames), the rebuilt `audio` and its `sampling_rate`.

    A codec with continuous codes returns `latents` (frames, width) instead; one that works in
    chunks returns codes (chunks, codebooks, frames); `audio` is (samples,) or (2, samples).
    """
    name = "audio_codes" if "audio_codes" in outputs else "latents"
    codes = outputs[name]
    per_clip = codes.swapaxes(0, 1) if codes.ndim == 4 else codes
    audio = outputs["audio_values"] if "audio_values" in outputs else outputs["audio"]
    return [
        {
            name: row,
            "audio": np.atleast_1d(waveform.squeeze())[..., :samples],
            "sampling_rate": feature_extractor.sampling_rate,
        }
        for row, waveform, samples in zip(per_clip, audio, encoded.context)
    ]
