# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Conversations with a multimodal model, as in transformers' any-to-any pipeline.

An input is a text, a dict of a text with media, or a chat; the model runs once per input.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np

from .chats import encode_chat, with_answer
from .encoded import Encoded
from .generation import generation_options
from .model_outputs import as_tensor
from .prompts import answers, as_text_with_media, new_texts

MODES = ("text", "audio")


def conversation_options(
    processor: Any,
    max_new_tokens: int | None,
    generate_kwargs: Mapping[str, Any] | None,
    generation_mode: str | None,
    stop_sequence: str | list[str] | None,
) -> dict[str, Any]:
    """The given options of `generate`, and the generation mode if it is not text.

    Raises:
        ValueError: an unknown mode, or an option set twice.
    """
    if generation_mode not in (None, *MODES):
        raise ValueError(
            f"expected generation_mode as one of {', '.join(MODES)}; got {generation_mode!r}"
        )
    mode = {"generation_mode": generation_mode} if generation_mode == "audio" else {}
    options = generation_options(
        processor, max_new_tokens, generate_kwargs, stop_sequence=stop_sequence
    )
    return {**options, **mode}


def encode_conversations(
    items: list[Any],
    processor: Any,
    kinds: Collection[str],
    options: Mapping[str, Any],
    encode_item: Callable[[str, dict[str, list[Any]]], dict[str, Any]],
    continue_final_message: bool | None,
    processor_kwargs: Mapping[str, Any] | None,
) -> list[Encoded]:
    """One call of the model for each text, `{"text", "images", "videos", "audio"}` or chat.

    Args:
        encode_item: returns the model's inputs for a text and its media.
    """
    runs = []
    for item in items:
        if isinstance(item, list):
            inputs = encode_chat(item, processor, kinds, continue_final_message, processor_kwargs)
            runs.append(Encoded(inputs, options, context=item))
        else:
            text, media = as_text_with_media(item, kinds)
            runs.append(Encoded(encode_item(text, media), options, context=text))
    return runs


def decode(
    outputs: list[Mapping[str, np.ndarray]],
    encoded: list[Encoded],
    processor: Any,
    config: Any,
    generation_mode: str | None = None,
    return_full_text: bool = True,
    return_tensors: bool = False,
    skip_special_tokens: bool = True,
    clean_up_tokenization_spaces: bool | None = None,
    continue_final_message: bool | None = None,
) -> list[list[dict[str, Any]]]:
    """Per input `input_text` with `generated_text`, `generated_audio` or `generated_token_ids`."""
    options: dict[str, Any] = {"skip_special_tokens": skip_special_tokens}
    if clean_up_tokenization_spaces is not None:
        options["clean_up_tokenization_spaces"] = clean_up_tokenization_spaces

    def read(sequences: Any, mode: str = "text") -> Any:
        return processor.post_process_multimodal_output(sequences, generation_mode=mode, **options)

    results = []
    for call_outputs, run in zip(outputs, encoded):
        sequences = as_tensor(call_outputs["sequences"])
        if return_tensors:
            results.append(answers(run.context, "generated_token_ids", list(sequences)))
        elif generation_mode == "audio":
            audio = read(sequences, generation_mode)
            results.append(answers(run.context, "generated_audio", audio))
        else:
            (texts,) = new_texts(sequences, run.inputs, read)
            if return_full_text:
                texts = [with_answer(run.context, text, continue_final_message) for text in texts]
            results.append(answers(run.context, "generated_text", texts))
    return results
