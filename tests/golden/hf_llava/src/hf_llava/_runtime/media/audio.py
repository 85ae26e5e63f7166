# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""Audio inputs: a path to a WAV or FLAC file, or an array with its sampling rate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr


def load_audio(value: Any, sampling_rate: int) -> np.ndarray:
    """A mono float32 waveform (samples,) at `sampling_rate` (Hz), resampled where it differs.

    Args:
        value: a path, `{"array": ..., "sampling_rate": ...}` (`raw` is accepted for `array`),
            or a bare array, which is taken to be at `sampling_rate` already.
        sampling_rate: what the model's feature extractor expects.

    Raises:
        TypeError: `value` is none of these.
        ValueError: a dict without its two keys, or a file that is no audio.
    """
    if isinstance(value, (str, Path)):
        waveform, rate = read_file(value)
    elif isinstance(value, dict):
        waveform, rate = read_dict(value)
    elif isinstance(value, np.ndarray):
        waveform, rate = value, sampling_rate
    else:
        raise TypeError(
            "expected audio (path, array, or dict with 'array' and 'sampling_rate'), got "
            + type(value).__name__
        )
    mono = (
        waveform
        if waveform.ndim == 1
        else waveform.mean(axis=waveform.shape.index(min(waveform.shape)))
    )
    mono = mono.astype(np.float32)
    return mono if rate == sampling_rate else soxr.resample(mono, rate, sampling_rate)


def read_file(path: str | Path) -> tuple[np.ndarray, int]:
    """The samples of an audio file and its sampling rate."""
    try:
        waveform, rate = soundfile.read(str(path), dtype="float32")
    except soundfile.LibsndfileError as error:
        raise ValueError(f"cannot read audio from {str(path)!r}: {error}") from error
    return waveform, rate


def read_dict(value: dict[str, Any]) -> tuple[np.ndarray, int]:
    """The samples and the sampling rate of a dict input."""
    array = value.get("array", value.get("raw"))
    if array is None or "sampling_rate" not in value:
        raise ValueError(
            "an audio dict needs 'array' and 'sampling_rate'; got " + str(sorted(value))
        )
    return np.asarray(array), int(value["sampling_rate"])
