"""A recording with a text, or a chat, in, text out (task `audio-text-to-text`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.media.audio import load_audio
from hf_skillset_runtime.media.text import as_fields, as_text
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.generation import generation_options, new_tokens
from hf_skillset_runtime.tasks.recordings import audio_part, extractor_of, takes_sound


def encode(
    items: list[Any],
    processor: Any,
    config: Any,
    max_new_tokens: int = 256,
    generate_kwargs: Mapping[str, Any] | None = None,
) -> list[Encoded]:
    """A call for each `{"audio", "text"}`, or chat whose content holds the recordings."""
    options = generation_options(max_new_tokens, None, generate_kwargs)
    calls = []
    for item in items:
        if isinstance(item, list):
            calls.append(Encoded(chat_inputs(item, processor), options, context=item))
        else:
            text, inputs = question_inputs(item, processor)
            calls.append(Encoded(inputs, options, context=text))
    return calls


def question_inputs(item: Any, processor: Any) -> tuple[str, dict[str, Any]]:
    """The text of an item, and the model's inputs for it and its recordings."""
    audio, text = as_fields(item, "audio", "text")
    recordings = audio if isinstance(audio, list) else [audio]
    if getattr(processor, "chat_template", None) or not takes_sound(processor):
        sounds = [{"type": "audio", "audio": recording} for recording in recordings]
        content = [*sounds, {"type": "text", "text": as_text(text)}]
        return text, chat_inputs([{"role": "user", "content": content}], processor)
    token = getattr(processor, "audio_token", "")
    prompt = as_text(text) if token and token in text else token * len(recordings) + as_text(text)
    waveforms = [waveform(recording, processor) for recording in recordings]
    return text, dict(processor(text=prompt, audio=waveforms, return_tensors="pt"))


def chat_inputs(messages: list[dict[str, Any]], processor: Any) -> dict[str, Any]:
    """A chat through the model's chat template, its recordings loaded."""
    loaded = [
        {**message, "content": [load_part(part, processor) for part in parts(message["content"])]}
        for message in messages
    ]
    inputs = processor.apply_chat_template(
        loaded, add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt"
    )
    return dict(inputs)


def parts(content: Any) -> list[dict[str, Any]]:
    """A message's content as a list of parts."""
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def load_part(part: dict[str, Any], processor: Any) -> dict[str, Any]:
    """A part of a message: a recording with its samples, anything else as it is."""
    if part["type"] != "audio":
        return part
    source = part.get("audio", part.get("path"))
    return audio_part(waveform(source, processor), processor)


def waveform(recording: Any, processor: Any) -> np.ndarray:
    """The samples of a recording at the model's rate."""
    return load_audio(recording, extractor_of(processor).sampling_rate)


def decode(
    outputs: list[Mapping[str, np.ndarray]], encoded: list[Encoded], processor: Any, config: Any
) -> list[list[dict[str, Any]]]:
    """Per item `input_text` (the text or chat) and what was generated for it."""
    results = []
    for call, request in zip(outputs, encoded):
        texts = processor.batch_decode(new_tokens(call, request.inputs), skip_special_tokens=True)
        results.append([{"input_text": request.context, "generated_text": text} for text in texts])
    return results
