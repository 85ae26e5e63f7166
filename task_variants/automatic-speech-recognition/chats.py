"""Speech in, its text out, by language models (task `automatic-speech-recognition`)."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import Any

import numpy as np

from hf_skillset_runtime.tasks.audio import chat_part, extractor_of, load
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.generation import (
    by_input,
    generation_options,
    new_tokens,
    one_or_all,
)

INSTRUCTION = "Can you transcribe the speech into a written format?"
"""The prompt for a transcript, unless the processor defines one."""


def encode(
    items: list[Any],
    processor: Any,
    config: Any,
    return_timestamps: bool | str | None = None,
    max_new_tokens: int | None = None,
    generate_kwargs: Mapping[str, Any] | None = None,
    stop_sequence: str | list[str] | None = None,
) -> Encoded:
    """One chat for each input, with the audio and the transcription prompt."""
    if return_timestamps:
        raise ValueError("this model returns no timestamps; call without return_timestamps")
    waveforms = [load(item, processor) for item in items]
    options = generation_options(
        processor, max_new_tokens, generate_kwargs, stop_sequence=stop_sequence
    )
    return Encoded(
        chat_inputs(waveforms, processor, config.name_or_path), options, context=len(items)
    )


def chat_inputs(waveforms: list[np.ndarray], processor: Any, name_or_path: str) -> dict[str, Any]:
    """The model's inputs for chats, with the prompt of its training."""
    if hasattr(processor, "apply_transcription_request"):
        parameters = signature(processor.apply_transcription_request).parameters
        rate = extractor_of(processor).sampling_rate
        known = {"model_id": name_or_path, "format": "WAV", "sampling_rate": rate}
        options = {name: value for name, value in known.items() if name in parameters}
        request = processor.apply_transcription_request(waveforms, **options)
        return dict(request.convert_to_tensors("pt"))
    instruction = {"type": "text", "text": INSTRUCTION}
    chats = [
        [{"role": "user", "content": [chat_part(waveform, processor), instruction]}]
        for waveform in waveforms
    ]
    inputs = processor.apply_chat_template(
        chats, add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt"
    )
    return dict(inputs)


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
