"""A prompt or a chat in, its continuation out (task `text-generation`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.media.text import as_text
from hf_skillset_runtime.tasks.chats import rendered, with_answer
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.generation import by_input, generation_options
from hf_skillset_runtime.tasks.padding import padded


def encode(
    prompts: list[Any],
    tokenizer: Any,
    config: Any,
    facts: Mapping[str, Any],
    max_new_tokens: int | None = None,
    do_sample: bool | None = None,
    generate_kwargs: Mapping[str, Any] | None = None,
    stop_sequence: str | list[str] | None = None,
    continue_final_message: bool | None = None,
) -> list[Encoded]:
    """Tokenize prompts, padded on the left; chats go through the model's chat template.

    Prompts share a call, except for the decoder of an encoder-decoder: it counts positions from
    the first column, including padding.

    Raises:
        ValueError: a prompt is empty and the model has no BOS token; or the chat template
            rejects a chat.
    """
    options = generation_options(
        tokenizer, max_new_tokens, generate_kwargs, do_sample=do_sample, stop_sequence=stop_sequence
    )
    if tokenizer.pad_token_id is not None:
        options.setdefault("pad_token_id", tokenizer.pad_token_id)
    rows = [
        as_row(tokenize(prompt, tokenizer, config, continue_final_message), tokenizer)
        for prompt in prompts
    ]
    alone = facts.get("one_at_a_time")
    calls = [[place] for place in range(len(rows))] if alone else [list(range(len(rows)))]
    return [
        Encoded(
            padded([rows[place] for place in call], tokenizer, side="left"),
            options,
            context=[prompts[place] for place in call],
        )
        for call in calls
    ]


def tokenize(
    prompt: Any, tokenizer: Any, config: Any, continue_final_message: bool | None
) -> list[int]:
    """The tokens of one prompt; an empty one is the BOS token."""
    if isinstance(prompt, list):
        text = rendered(prompt, tokenizer, continue_final_message)
        tokens: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
        return tokens
    tokens = tokenizer(as_text(prompt))["input_ids"]
    if tokens:
        return tokens
    first = tokenizer.bos_token_id
    if first is None:
        first = getattr(config, "bos_token_id", None)
    if first is None:
        raise ValueError("the prompt is empty, and this model has no BOS token")
    return [first]


def as_row(tokens: list[int], tokenizer: Any) -> dict[str, list[int]]:
    """Tokens with an all-ones attention mask, if the model accepts one."""
    mask = {"attention_mask": [1] * len(tokens)}
    return {
        "input_ids": tokens,
        **(mask if "attention_mask" in tokenizer.model_input_names else {}),
    }


def decode(
    outputs: list[Mapping[str, np.ndarray]],
    encoded: list[Encoded],
    tokenizer: Any,
    config: Any,
    return_full_text: bool = True,
    continue_final_message: bool | None = None,
) -> list[list[dict[str, Any]]]:
    """Each prompt with its continuations (these alone without `return_full_text`)."""
    results: list[list[dict[str, Any]]] = []
    for call, request in zip(outputs, encoded):
        continuations = call["sequences"][:, request.inputs["input_ids"].shape[1] :]
        texts = tokenizer.batch_decode(continuations, skip_special_tokens=True)
        for prompt, generated in zip(request.context, by_input(texts, len(request.context))):
            if return_full_text:
                generated = [
                    with_answer(prompt, text, continue_final_message) for text in generated
                ]
            results.append([{"generated_text": text} for text in generated])
    return results
