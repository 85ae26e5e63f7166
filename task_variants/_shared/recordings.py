"""Recordings as the model's features."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..inputs.audio import load_audio


def audio_features(recordings: list[Any], extractor: Any, **options: Any) -> dict[str, np.ndarray]:
    """Load, resample and turn recordings into the features of the model's extractor."""
    rate = extractor.sampling_rate
    waveforms = [load_audio(recording, rate) for recording in recordings]
    return dict(extractor(waveforms, sampling_rate=rate, return_tensors="np", **options))
