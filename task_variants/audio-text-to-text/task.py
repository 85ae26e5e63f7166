"""Audio with a text, or a chat, in, text out (task `audio-text-to-text`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

import numpy as np

from hf_skillset_runtime.media.text import as_fields
from hf_skillset_runtime.tasks.chats import encode_chat
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.generation import generation_options
from hf_skillset_runtime.tasks.model_outputs import as_tensor
from hf_skillset_runtime.tasks.prompts import (
    answers,
    as_text_with_media,
    encode_prompt,
    new_texts,
)


def encode(
    items: list[Any],
    processor: Any,
    config: Any,
    kinds: Collection[str],
    max_new_tokens: int | None = None,
    generate_kwargs: Mapping[str, Any] | None = None,
    stop_sequence: str | list[str] | None = None,
    continue_final_message: bool | None = None,
) -> list[Encoded]:
    """One call for each `{"audio", "text"}`, or chat whose content includes the audio."""
    options = generation_options(
        processor, max_new_tokens, generate_kwargs, stop_sequence=stop_sequence
    )
    calls = []
    for item in items:
        if isinstance(item, list):
            inputs = encode_chat(item, processor, kinds, continue_final_message)
            calls.append(Encoded(inputs, options, context=item))
        else:
            as_fields(item, "audio", "text")
            text, media = as_text_with_media(item, kinds)
            inputs = encode_prompt(text, media, processor, kinds)
            calls.append(Encoded(inputs, options, context=text))
    return calls


def decode(
    outputs: list[Mapping[str, np.ndarray]], encoded: list[Encoded], processor: Any, config: Any
) -> list[list[dict[str, Any]]]:
    """Per item `input_text` (the text or chat) and the generated text."""
    read = partial(processor.batch_decode, skip_special_tokens=True)
    results = []
    for call, request in zip(outputs, encoded):
        (texts,) = new_texts(as_tensor(call["sequences"]), request.inputs, read)
        results.append(answers(request.context, "generated_text", texts))
    return results
