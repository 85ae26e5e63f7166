"""Speech in, the text written while listening out (task `automatic-speech-recognition`)."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import Any

import numpy as np

from hf_skillset_runtime.tasks.audio import load
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.generation import generation_options, new_tokens


def encode(
    items: list[Any],
    processor: Any,
    config: Any,
    return_timestamps: bool | str | None = None,
    max_new_tokens: int | None = None,
    generate_kwargs: Mapping[str, Any] | None = None,
) -> Encoded:
    """Features, and the tokens that the model writes until it has heard enough."""
    if return_timestamps:
        raise ValueError("this model gives no times; call without return_timestamps")
    waveforms = [load(item, processor) for item in items]
    options = generation_options(max_new_tokens, None, generate_kwargs)
    return Encoded(dict(processor(audio=waveforms, return_tensors="pt")), options)


def decode(
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    processor: Any,
    config: Any,
    return_timestamps: bool | str | None = None,
) -> list[dict[str, Any]]:
    """The text of each input."""
    says_more = "return_format" in signature(processor.decode).parameters
    form = {"return_format": "transcription_only"} if says_more else {}
    tokens = new_tokens(outputs, encoded.inputs)
    return [{"text": processor.decode(row, skip_special_tokens=True, **form)} for row in tokens]
