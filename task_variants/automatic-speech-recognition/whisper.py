"""Speech in, its text out, by Whisper (task `automatic-speech-recognition`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.tasks.audio import load, padded_features
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.generation import by_input, generation_options, one_or_all


def encode(
    items: list[Any],
    processor: Any,
    config: Any,
    return_timestamps: bool | str | None = None,
    max_new_tokens: int | None = None,
    generate_kwargs: Mapping[str, Any] | None = None,
    stop_sequence: str | list[str] | None = None,
) -> Encoded:
    """Load and resample the audio, and compute features of 30 s windows, or of all longer audio.

    `return_timestamps=True` returns times of segments.
    """
    if isinstance(return_timestamps, str):
        raise ValueError(
            "Whisper returns times of segments only: use return_timestamps=True,"
            f" not {return_timestamps!r}"
        )
    waveforms = [load(item, processor) for item in items]
    fits = max(map(len, waveforms)) <= processor.feature_extractor.n_samples
    padding = "max_length" if fits else "longest"
    options = generation_options(
        processor, max_new_tokens, generate_kwargs, stop_sequence=stop_sequence
    )
    if return_timestamps:
        options["return_timestamps"] = True
    features = padded_features(waveforms, processor, padding, truncation=False)
    return Encoded(features, options, context=len(items))


def decode(
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    processor: Any,
    config: Any,
    return_timestamps: bool | str | None = None,
) -> list[dict[str, Any] | list[dict[str, Any]]]:
    """The text of each input; with `return_timestamps` `chunks` with times in seconds."""
    transcripts = [
        transcribe(row, processor, config, return_timestamps) for row in outputs["sequences"]
    ]
    return [one_or_all(one) for one in by_input(transcripts, encoded.context)]


def transcribe(
    tokens: np.ndarray, processor: Any, config: Any, return_timestamps: bool | str | None
) -> dict[str, Any]:
    """Text of generated tokens (tokens,), by the code of transformers' pipeline."""
    text, times = processor.tokenizer._decode_asr(
        [{"tokens": tokens[None]}],
        return_timestamps=return_timestamps,
        return_language=None,
        time_precision=processor.feature_extractor.chunk_length / config.max_source_positions,
    )
    return {"text": text, **times}
