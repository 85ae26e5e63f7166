"""Speech in, the text of the best CTC path out (task `automatic-speech-recognition`)."""

from __future__ import annotations

from collections.abc import Mapping
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
    """Load, resample and turn the audio into the model's features; nothing is generated."""
    return Encoded(padded_features(items, processor))


def decode(
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    processor: Any,
    config: Any,
    return_timestamps: bool | str | None = None,
) -> list[dict[str, Any]]:
    """The text of each input; with `return_timestamps` `chunks` with times in seconds.

    Times are per `"char"` (which `True` means too) or `"word"`.

    Raises:
        ValueError: another value of `return_timestamps`.
    """
    unit = "char" if return_timestamps is True else return_timestamps
    if unit and unit not in ("char", "word"):
        raise ValueError(f"return_timestamps is char or word for this model; got {unit!r}")
    tokens = outputs["logits"].argmax(axis=-1)
    if not unit:
        return [{"text": processor.tokenizer.decode(row)} for row in tokens]
    seconds = seconds_per_frame(encoded, tokens.shape[1], processor, config)
    return [timed(row, processor.tokenizer, seconds, str(unit)) for row in tokens]


def seconds_per_frame(encoded: Encoded, frames: int, processor: Any, config: Any) -> float:
    """How long the audio of one of the `frames` of a path is.

    Configurations that do not tell are of models of spectra: a frame of a path is of as many
    frames of the spectrum as they subsample, or as the two lengths say.
    """
    extractor = processor.feature_extractor
    samples = getattr(config, "inputs_to_logits_ratio", None)
    if samples is None:
        encoder = getattr(config, "encoder_config", config)
        spectra = encoded.inputs["input_features"].shape[1]
        factor = getattr(encoder, "subsampling_factor", None) or round(spectra / frames)
        samples = factor * extractor.hop_length
    return float(samples / extractor.sampling_rate)


def timed(tokens: np.ndarray, tokenizer: Any, seconds: float, unit: str) -> dict[str, Any]:
    """The text of one path (frames,), and the times of its units.

    Raises:
        ValueError: the tokenizer does not tell which frames a unit comes from.
    """
    found = tokenizer.decode(tokens, **{f"output_{unit}_offsets": True})
    if isinstance(found, str):
        raise ValueError(
            "the tokenizer of this model does not tell which frames its text comes from: leave"
            " return_timestamps out"
        )
    chunks = [
        {
            "text": part[unit],
            "timestamp": (part["start_offset"] * seconds, part["end_offset"] * seconds),
        }
        for part in found[f"{unit}_offsets"]
    ]
    return {"text": found["text"], "chunks": chunks}
