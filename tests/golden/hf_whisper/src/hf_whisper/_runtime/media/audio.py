# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Audio inputs: a path to a WAV or FLAC file, or an array with its sampling rate."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr


def load_audio(value: Any, sampling_rate: int) -> np.ndarray:
    """A mono float32 waveform (samples,) at `sampling_rate` (Hz), resampled where it differs.

    Args:
        value: a path, the bytes of a file, `{"array": ..., "sampling_rate": ...}` (`raw` is
            an alias of `array`), or an array, which must be at `sampling_rate` already.
        sampling_rate: sampling rate of the model's feature extractor (Hz).

    Raises:
        TypeError: `value` is none of these.
        ValueError: a dict without its two keys, or a file that is not audio.
    """
    if isinstance(value, (str, Path, bytes)):
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
    mono = as_mono(waveform)
    return mono if rate == sampling_rate else soxr.resample(mono, rate, sampling_rate)


def as_mono(waveform: np.ndarray) -> np.ndarray:
    """Samples (samples,) or (channels, samples) as one float32 channel from -1 to 1.

    Raises:
        TypeError: the samples are not numbers.
        ValueError: the array is empty, has another shape, or a sample is not finite.
    """
    if waveform.ndim not in (1, 2) or not waveform.size:
        raise ValueError(
            f"expected audio (samples,) or (channels, samples) with samples; got {waveform.shape}"
        )
    if waveform.dtype.kind not in "fiu":
        raise TypeError(f"expected audio samples as numbers, got an array of {waveform.dtype}")
    if waveform.dtype.kind in "iu":
        waveform = from_integers(waveform)
    if not np.isfinite(waveform).all():
        raise ValueError("the audio contains a non-finite sample (NaN or infinity)")
    if waveform.ndim == 2:
        waveform = waveform.mean(axis=waveform.shape.index(min(waveform.shape)))
    return waveform.astype(np.float32)


def from_integers(waveform: np.ndarray) -> np.ndarray:
    """Integer samples as floats from -1 to 1, scaled by the range of their dtype.

    Raises:
        ValueError: 64-bit integers outside of -1..1, whose scale is unknown.
    """
    if waveform.dtype.itemsize == 8:
        if np.abs(waveform).max() > 1:
            raise ValueError(
                f"audio samples in {waveform.dtype}: unknown scale; use int16, int32, or"
                " floats from -1 to 1"
            )
        return waveform.astype(np.float32)
    width = np.iinfo(waveform.dtype)
    middle = 0 if width.min < 0 else (width.max + 1) / 2
    return (waveform.astype(np.float64) - middle) / ((width.max + 1) - middle)


def read_file(path: str | Path | bytes) -> tuple[np.ndarray, int]:
    """The samples of an audio file, or of its bytes, and its sampling rate."""
    source = BytesIO(path) if isinstance(path, bytes) else str(path)
    try:
        waveform, rate = soundfile.read(source, dtype="float32")
    except (soundfile.LibsndfileError, OSError) as error:
        named = "these bytes" if isinstance(path, bytes) else repr(str(path))
        raise ValueError(f"cannot read audio from {named}: {error}") from error
    return waveform, rate


def read_dict(value: dict[str, Any]) -> tuple[np.ndarray, int]:
    """The samples and the sampling rate of a dict input."""
    array = value.get("array", value.get("raw"))
    if array is None or "sampling_rate" not in value:
        raise ValueError(
            "an audio dict needs 'array' and 'sampling_rate'; got " + str(sorted(value))
        )
    rate = value["sampling_rate"]
    is_number = isinstance(rate, (int, float, np.number)) and not isinstance(rate, bool)
    if not is_number or not 0 < rate < float("inf"):
        raise ValueError(f"expected 'sampling_rate' as a number above 0 (Hz); got {rate!r:.40}")
    return np.asarray(array), int(rate)
