"""A prompt or a chat in, its continuation out (task `text-generation`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._runtime.media.text import as_text
from .._runtime.tasks.encoded import Encoded
from .._runtime.tasks.generation import generation_options


def encode(
    prompts: list[Any],
    tokenizer: Any,
    config: Any,
    facts: Mapping[str, Any],
    max_new_tokens: int | None = None,
    do_sample: bool | None = None,
    generate_kwargs: Mapping[str, Any] | None = None,
) -> list[Encoded]:
    """Tokenize prompts, padded on the left; chats go through the model's chat template.

    Prompts share a call, except for the decoder half of an encoder-decoder: it counts
    positions from the first column, padding included.
    """
    options = generation_options(max_new_tokens, do_sample, generate_kwargs)
    if tokenizer.pad_token_id is not None:
        options.setdefault("pad_token_id", tokenizer.pad_token_id)
    alone = facts.get("one_at_a_time")
    calls = [[prompt] for prompt in prompts] if alone else [prompts]
    return [Encoded(tokenize(call, tokenizer), options, context=call) for call in calls]


def tokenize(prompts: list[Any], tokenizer: Any) -> dict[str, np.ndarray]:
    """The tokens of prompts, and which of them are no padding."""
    texts = [as_prompt(prompt, tokenizer) for prompt in prompts]
    chats = any(isinstance(prompt, list) for prompt in prompts)
    tokens = tokenizer(
        texts,
        padding=len(texts) > 1,
        padding_side="left",
        add_special_tokens=not chats,
        return_tensors="np",
    )
    names = ("input_ids", "attention_mask")
    return {name: tokens[name] for name in names if name in tokens}


def as_prompt(prompt: Any, tokenizer: Any) -> str:
    """The text of a prompt; a chat (list of role and content) through the chat template."""
    if not isinstance(prompt, list):
        return as_text(prompt)
    text: str = tokenizer.apply_chat_template(prompt, add_generation_prompt=True, tokenize=False)
    return text


def decode(
    outputs: list[Mapping[str, np.ndarray]],
    encoded: list[Encoded],
    tokenizer: Any,
    config: Any,
    return_full_text: bool = True,
) -> list[list[dict[str, Any]]]:
    """Each prompt with its continuation (the continuation alone without `return_full_text`)."""
    results: list[list[dict[str, Any]]] = []
    for call, request in zip(outputs, encoded):
        continuations = call["sequences"][:, request.inputs["input_ids"].shape[1] :]
        texts = tokenizer.batch_decode(continuations, skip_special_tokens=True)
        each = len(texts) // len(request.context)
        for row, prompt in enumerate(request.context):
            found = texts[row * each : (row + 1) * each]
            if return_full_text:
                found = [with_prompt(prompt, text) for text in found]
            results.append([{"generated_text": text} for text in found])
    return results


def with_prompt(prompt: Any, text: str) -> Any:
    """The prompt and the text that goes on from it; a chat and the assistant's answer."""
    if isinstance(prompt, list):
        return [*prompt, {"role": "assistant", "content": text}]
    return prompt + text
