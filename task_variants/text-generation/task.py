"""A prompt or a chat in, its continuation out (task `text-generation`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..inputs.text import as_text
from . import Encoded
from .generation import generation_options


def encode(
    prompts: list[Any],
    tokenizer: Any,
    config: Any,
    max_new_tokens: int | None = None,
    do_sample: bool | None = None,
    generate_kwargs: Mapping[str, Any] | None = None,
) -> Encoded:
    """Tokenize prompts, padded on the left; chats go through the model's chat template."""
    chats = [isinstance(prompt, list) for prompt in prompts]
    texts = [as_prompt(prompt, tokenizer) for prompt in prompts]
    tokens = tokenizer(
        texts,
        padding=len(texts) > 1,
        padding_side="left",
        add_special_tokens=not any(chats),
        return_tensors="np",
    )
    names = ("input_ids", "attention_mask")
    inputs = {name: tokens[name] for name in names if name in tokens}
    options = generation_options(max_new_tokens, do_sample, generate_kwargs)
    if tokenizer.pad_token_id is not None:
        options.setdefault("pad_token_id", tokenizer.pad_token_id)
    return Encoded(inputs, options, context=prompts)


def as_prompt(prompt: Any, tokenizer: Any) -> str:
    """The text of a prompt; a chat (list of role and content) through the chat template."""
    if not isinstance(prompt, list):
        return as_text(prompt)
    text: str = tokenizer.apply_chat_template(prompt, add_generation_prompt=True, tokenize=False)
    return text


def decode(
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    tokenizer: Any,
    config: Any,
    return_full_text: bool = True,
) -> list[list[dict[str, Any]]]:
    """Each prompt with its continuation (the continuation alone without `return_full_text`)."""
    per_prompt = len(outputs["sequences"]) // len(encoded.context)
    results: list[list[dict[str, Any]]] = [[] for _ in encoded.context]
    prompt_tokens = encoded.inputs["input_ids"].shape[1]
    for row, sequence in enumerate(outputs["sequences"]):
        prompt = encoded.context[row // per_prompt]
        text = tokenizer.decode(sequence[prompt_tokens:], skip_special_tokens=True)
        if return_full_text and isinstance(prompt, list):
            text = [*prompt, {"role": "assistant", "content": text}]
        elif return_full_text:
            text = prompt + text
        results[row // per_prompt].append({"generated_text": text})
    return results
