"""Speech in, the text of the best CTC path out (task `automatic-speech-recognition`)."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from hf_skillset_runtime.tasks.audio import padded_features
from hf_skillset_runtime.tasks.encoded import Encoded


def encode(
    items: list[Any],
    processor: Any,
    config: Any,
    return_timestamps: bool | str | None = None,
    max_new_tokens: int | None = None,
    generate_kwargs: Mapping[str, Any] | None = None,
) -> Encoded:
    """Load and resample the audio, and compute the model's features; nothing is generated."""
    return Encoded(padded_features(items, processor))


def decode(
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    processor: Any,
    config: Any,
    return_timestamps: bool | str | None = None,
) -> list[dict[str, Any]]:
    """The text of each input; with `return_timestamps` `chunks` with times in seconds.

    Times are per `"char"` (the same as `True`) or `"word"`.

    Raises:
        ValueError: another value of `return_timestamps`.
    """
    unit = "char" if return_timestamps is True else return_timestamps
    if unit and unit not in ("char", "word"):
        raise ValueError(f"expected return_timestamps as char or word for this model; got {unit!r}")
    tokens = outputs["logits"].argmax(axis=-1)
    if not unit:
        return [{"text": processor.tokenizer.decode(row)} for row in tokens]
    seconds = seconds_per_frame(encoded, tokens.shape[1], processor, config)
    return [timed(row, processor.tokenizer, seconds, str(unit)) for row in tokens]


def seconds_per_frame(encoded: Encoded, frames: int, processor: Any, config: Any) -> float:
    """Seconds of audio for each of the `frames` of a CTC path.

    If the configuration does not state it, the model reads spectrograms: a path frame covers as
    many spectrogram frames as the configured subsampling or the ratio of lengths.
    """
    extractor = processor.feature_extractor
    encoder = getattr(config, "encoder_config", getattr(config, "audio_config", config))
    strides = getattr(encoder, "conv_stride", None)
    samples = getattr(config, "inputs_to_logits_ratio", strides and prod(strides))
    if samples is None:
        spectra = encoded.inputs["input_features"].shape[1]
        factor = getattr(encoder, "subsampling_factor", None) or round(spectra / frames)
        samples = factor * extractor.hop_length
    return float(samples / extractor.sampling_rate)


def timed(tokens: np.ndarray, tokenizer: Any, seconds: float, unit: str) -> dict[str, Any]:
    """The text of one path (frames,), and the times of its units.

    Raises:
        ValueError: the tokenizer provides no frame offsets.
    """
    decoded = tokenizer.decode(tokens, **{f"output_{unit}_offsets": True})
    if isinstance(decoded, str):
        raise ValueError(
            "the tokenizer of this model provides no frame offsets: call without return_timestamps"
        )
    chunks = [
        {
            "text": part[unit],
            "timestamp": (part["start_offset"] * seconds, part["end_offset"] * seconds),
        }
        for part in decoded[f"{unit}_offsets"]
    ]
    return {"text": decoded["text"], "chunks": chunks}
