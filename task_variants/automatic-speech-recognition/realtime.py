"""Speech in, its text out, by streaming models (task `automatic-speech-recognition`)."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import Any

import numpy as np

from hf_skillset_runtime.tasks.audio import load
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.generation import (
    by_input,
    generation_options,
    new_tokens,
    one_or_all,
)


def encode(
    items: list[Any],
    processor: Any,
    config: Any,
    return_timestamps: bool | str | None = None,
    max_new_tokens: int | None = None,
    generate_kwargs: Mapping[str, Any] | None = None,
    stop_sequence: str | list[str] | None = None,
) -> Encoded:
    """Features, and the tokens that the model emits during its initial delay."""
    if return_timestamps:
        raise ValueError("this model returns no timestamps; call without return_timestamps")
    waveforms = [load(item, processor) for item in items]
    options = generation_options(
        processor, max_new_tokens, generate_kwargs, stop_sequence=stop_sequence
    )
    return Encoded(
        dict(processor(audio=waveforms, return_tensors="pt")), options, context=len(items)
    )


def decode(
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    processor: Any,
    config: Any,
    return_timestamps: bool | str | None = None,
) -> list[dict[str, Any] | list[dict[str, Any]]]:
    """The text of each input."""
    says_more = "return_format" in signature(processor.decode).parameters
    form = {"return_format": "transcription_only"} if says_more else {}
    tokens = new_tokens(outputs, encoded.inputs)
    texts = [processor.decode(row, skip_special_tokens=True, **form) for row in tokens]
    return [
        one_or_all([{"text": text} for text in one]) for one in by_input(texts, encoded.context)
    ]
