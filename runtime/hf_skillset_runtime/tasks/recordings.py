"""Recordings as the model's features."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Collection
from inspect import signature
from io import BytesIO
from typing import Any

import numpy as np
import soundfile

from ..media.audio import load_audio


def extractor_of(processor: Any) -> Any:
    """The part of a processor that turns sound into features; some call it `audio_processor`."""
    return getattr(processor, "feature_extractor", None) or processor.audio_processor


def takes_sound(processor: Any) -> bool:
    """Whether a processor takes sound itself; else chats alone hold it, as encoded files."""
    return "audio" in signature(processor.__call__).parameters


def audio_part(waveform: np.ndarray, processor: Any) -> dict[str, Any]:
    """A waveform at the model's rate as a part of a chat's message."""
    if takes_sound(processor):
        return {"type": "audio", "audio": waveform}
    file = BytesIO()
    soundfile.write(file, waveform, extractor_of(processor).sampling_rate, "FLOAT", format="WAV")
    return {"type": "audio", "base64": b64encode(file.getvalue()).decode()}


def audio_features(
    recordings: list[Any], extractor: Any, keep: Collection[str] = (), **options: Any
) -> dict[str, np.ndarray]:
    """Load, resample and turn recordings into the features of the model's extractor.

    Args:
        keep: features that the model takes although its extractor does not say so.
        options: further arguments of the extractor.
    """
    rate = extractor.sampling_rate
    waveforms = [load_audio(recording, rate) for recording in recordings]
    return model_features(waveforms, extractor, keep, **options)


def model_features(
    waveforms: list[np.ndarray], extractor: Any, keep: Collection[str] = (), **options: Any
) -> dict[str, np.ndarray]:
    """The features of waveforms that are at the extractor's rate; only those the model takes."""
    # An extractor that can give but one kind of tensors gives it by default.
    kind = signature(extractor.__call__).parameters["return_tensors"].default or "np"
    features = extractor(
        waveforms, sampling_rate=extractor.sampling_rate, return_tensors=kind, **options
    )
    names = {*extractor.model_input_names, *keep}
    return {name: value for name, value in features.items() if name in names}
