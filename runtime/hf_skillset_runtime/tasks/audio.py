"""Audio clips as features of the model's feature extractor."""

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
    """The feature extractor of a processor, which some call `audio_processor`."""
    return getattr(processor, "feature_extractor", None) or processor.audio_processor


def load(value: Any, processor: Any) -> np.ndarray:
    """A mono float32 waveform (samples,) at the rate (Hz) of the processor's feature extractor.

    Raises:
        TypeError, ValueError: `value` is not audio; see `load_audio`.
    """
    return load_audio(value, extractor_of(processor).sampling_rate)


def chat_part(waveform: np.ndarray, processor: Any) -> dict[str, Any]:
    """A waveform (samples,), float32 at the model's rate, as a content part of a chat message.

    Processors without an audio input receive it as the bytes of a WAV file.
    """
    if "audio" in signature(processor.__call__).parameters:
        return {"type": "audio", "audio": waveform}
    file = BytesIO()
    soundfile.write(file, waveform, extractor_of(processor).sampling_rate, "FLOAT", format="WAV")
    return {"type": "audio", "base64": b64encode(file.getvalue()).decode()}


def audio_features(
    audios: list[Any], extractor: Any, keep: Collection[str] = (), **options: Any
) -> dict[str, np.ndarray]:
    """Load and resample audio clips and compute the features of the model's extractor.

    Args:
        keep: features that the model accepts although its extractor does not list them.
        options: further arguments of the extractor.

    Returns:
        The extractor's arrays or tensors by name; their first axis is that of the clips.

    Raises:
        TypeError, ValueError: an item is not audio; see `load_audio`.
    """
    rate = extractor.sampling_rate
    waveforms = [load_audio(clip, rate) for clip in audios]
    return model_features(waveforms, extractor, keep, **options)


def model_features(
    waveforms: list[np.ndarray], extractor: Any, keep: Collection[str] = (), **options: Any
) -> dict[str, np.ndarray]:
    """The features that the model accepts, by name; see `audio_features`.

    Args:
        waveforms: (samples,) each, float32, at the extractor's sampling rate.
    """
    # An extractor that returns only one type of tensors returns it by default.
    return_type = signature(extractor.__call__).parameters["return_tensors"].default or "np"
    features = extractor(
        waveforms, sampling_rate=extractor.sampling_rate, return_tensors=return_type, **options
    )
    names = {*extractor.model_input_names, *keep}
    return {name: value for name, value in features.items() if name in names}


def padded_features(
    items: list[Any], processor: Any, padding: str | bool = True, **options: Any
) -> dict[str, Any]:
    """Load and resample audio clips, and compute their features padded to one length.

    Args:
        options: further arguments of the feature extractor.

    Returns:
        The extractor's arrays or tensors (clips, ...) by name, with a mask if it returns one.

    Raises:
        TypeError, ValueError: an item is not audio; see `load_audio`.
    """
    extractor = processor.feature_extractor
    waveforms = [load(item, processor) for item in items]
    if "return_attention_mask" in signature(extractor.__call__).parameters:
        options["return_attention_mask"] = True
    rate = extractor.sampling_rate
    features = extractor(
        waveforms,
        sampling_rate=rate,
        padding=padding,
        return_tensors=tensor_type(extractor),
        **options,
    )
    return dict(features)


def tensor_type(extractor: Any) -> str:
    """`return_tensors` of an extractor: `"np"`, or `"pt"` if it returns only torch tensors."""
    stated = signature(extractor.__call__).parameters.get("return_tensors")
    return "pt" if stated is not None and stated.default == "pt" else "np"
