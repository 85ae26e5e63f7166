# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""Audio as the model's features."""

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
    """The part of a processor that turns audio into features; some call it `audio_processor`."""
    return getattr(processor, "feature_extractor", None) or processor.audio_processor


def load(value: Any, processor: Any) -> np.ndarray:
    """A mono float32 waveform (samples,) at the rate of the processor's feature extractor."""
    return load_audio(value, extractor_of(processor).sampling_rate)


def chat_part(waveform: np.ndarray, processor: Any) -> dict[str, Any]:
    """A waveform at the model's rate as a part of a chat's message.

    A processor that does not take audio itself gets it in chats as the bytes of a WAV file.
    """
    if "audio" in signature(processor.__call__).parameters:
        return {"type": "audio", "audio": waveform}
    file = BytesIO()
    soundfile.write(file, waveform, extractor_of(processor).sampling_rate, "FLOAT", format="WAV")
    return {"type": "audio", "base64": b64encode(file.getvalue()).decode()}


def audio_features(
    audios: list[Any], extractor: Any, keep: Collection[str] = (), **options: Any
) -> dict[str, np.ndarray]:
    """Load, resample and turn audio clips into the features of the model's extractor.

    Args:
        keep: features that the model takes although its extractor does not say so.
        options: further arguments of the extractor.
    """
    rate = extractor.sampling_rate
    waveforms = [load_audio(clip, rate) for clip in audios]
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


def padded_features(
    items: list[Any], processor: Any, padding: str | bool = True, **options: Any
) -> dict[str, Any]:
    """Load and resample audio, and give its features at one length for all.

    There is a mask where the extractor can tell what is padding.

    Args:
        options: further arguments of the feature extractor.
    """
    extractor = processor.feature_extractor
    waveforms = [load(item, processor) for item in items]
    if "return_attention_mask" in signature(extractor.__call__).parameters:
        options["return_attention_mask"] = True
    rate = extractor.sampling_rate
    features = extractor(
        waveforms, sampling_rate=rate, padding=padding, return_tensors="np", **options
    )
    return dict(features)
