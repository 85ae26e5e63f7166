"""Speech in, its text out (task `automatic-speech-recognition`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..inputs.audio import load_audio
from . import Encoded
from .generation import generation_options


def encode(
    recordings: list[Any],
    processor: Any,
    config: Any,
    return_timestamps: bool | str | None = None,
    max_new_tokens: int | None = None,
    generate_kwargs: Mapping[str, Any] | None = None,
) -> Encoded:
    """Load, resample and turn each recording into the model's features."""
    extractor = processor.feature_extractor
    waveforms = [load_audio(recording, extractor.sampling_rate) for recording in recordings]
    inputs = extractor(
        waveforms,
        sampling_rate=extractor.sampling_rate,
        padding=True,
        return_attention_mask=True,
        return_tensors="np",
    )
    options = generation_options(max_new_tokens, None, generate_kwargs)
    if return_timestamps:
        options["return_timestamps"] = True
    return Encoded(dict(inputs), options)


def decode(
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    processor: Any,
    config: Any,
    return_timestamps: bool | str | None = None,
) -> list[dict[str, Any]]:
    """The text of each recording; `chunks` with times in seconds with `return_timestamps`.

    A CTC model gives times per `"char"` or `"word"`, Whisper per segment.
    """
    if "logits" in outputs:
        tokens = outputs["logits"].argmax(axis=-1)
        return [transcribe_ctc(row, processor, config, return_timestamps) for row in tokens]
    return [transcribe(row, processor, return_timestamps) for row in outputs["sequences"]]


def transcribe(
    tokens: np.ndarray, processor: Any, return_timestamps: bool | str | None
) -> dict[str, Any]:
    """Text of generated tokens."""
    tokenizer = processor.tokenizer
    if not return_timestamps:
        return {"text": tokenizer.decode(tokens, skip_special_tokens=True)}
    timed = tokenizer.decode(tokens, skip_special_tokens=True, output_offsets=True)
    chunks = [{"timestamp": part["timestamp"], "text": part["text"]} for part in timed["offsets"]]
    return {"text": timed["text"], "chunks": chunks}


def transcribe_ctc(
    tokens: np.ndarray, processor: Any, config: Any, return_timestamps: bool | str | None
) -> dict[str, Any]:
    """Text of the best CTC path."""
    tokenizer = processor.tokenizer
    if not return_timestamps:
        return {"text": tokenizer.decode(tokens)}
    unit = "char" if return_timestamps is True else return_timestamps
    if unit not in ("char", "word"):
        raise ValueError(f"a CTC model times 'char' or 'word'; got {return_timestamps!r}")
    timed = tokenizer.decode(tokens, **{f"output_{unit}_offsets": True})
    seconds = config.inputs_to_logits_ratio / processor.feature_extractor.sampling_rate
    chunks = [
        {
            "text": part[unit],
            "timestamp": (part["start_offset"] * seconds, part["end_offset"] * seconds),
        }
        for part in timed[f"{unit}_offsets"]
    ]
    return {"text": timed["text"], "chunks": chunks}
