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
    if hasattr(processor.tokenizer, "_decode_asr"):
        return [
            transcribe_whisper(row, processor, config, return_timestamps)
            for row in outputs["sequences"]
        ]
    if return_timestamps:
        raise ValueError("only CTC models and Whisper give times; call without return_timestamps")
    texts = processor.tokenizer.batch_decode(outputs["sequences"], skip_special_tokens=True)
    return [{"text": text} for text in texts]


def transcribe_whisper(
    tokens: np.ndarray, processor: Any, config: Any, return_timestamps: bool | str | None
) -> dict[str, Any]:
    """Text of the tokens that Whisper generated, by the code of transformers' pipeline."""
    if isinstance(return_timestamps, str):
        raise ValueError(
            f"Whisper times segments: return_timestamps=True; not {return_timestamps!r}"
        )
    text, timed = processor.tokenizer._decode_asr(
        [{"tokens": tokens[None]}],
        return_timestamps=return_timestamps,
        return_language=None,
        time_precision=processor.feature_extractor.chunk_length / config.max_source_positions,
    )
    return {"text": text, **timed}


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
