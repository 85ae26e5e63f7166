"""A prompt and several continuations in, the likeliest of them out (task `multiple-choice`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._runtime.media.text import as_fields, as_text
from .._runtime.tasks.encoded import Columns, Encoded
from .._runtime.tasks.limits import cutting
from .._runtime.tasks.scores import softmax


def encode(items: list[Any], tokenizer: Any, config: Any) -> Encoded:
    """Tokenize `{"prompt", "choices"}` items to tensors of shape (items, choices, tokens).

    Items with fewer choices repeat the last one; `decode` drops the copies.
    """
    questions = [as_question(item) for item in items]
    most = max(len(choices) for _, choices in questions)
    prompts = [prompt for prompt, _ in questions for _ in range(most)]
    filled = [[*choices, *choices[-1:] * (most - len(choices))] for _, choices in questions]
    continuations = [choice for choices in filled for choice in choices]
    tokens = tokenizer(
        prompts,
        continuations,
        padding=True,
        return_tensors="np",
        **cutting(tokenizer, config, True),
    )
    inputs = {name: rows.reshape(len(items), most, -1) for name, rows in tokens.items()}
    columns = Columns(tuple(inputs), 1, {"logits": 1})
    return Encoded(inputs, context=[choices for _, choices in questions], columns=columns)


def as_question(item: Any) -> tuple[str, list[str]]:
    """The prompt and the choices of an item."""
    prompt, choices = as_fields(item, "prompt", "choices")
    if not isinstance(choices, (list, tuple)) or not choices:
        raise ValueError(f"expected 'choices' as a list of at least one text; got {choices!r}")
    return as_text(prompt), [as_text(choice) for choice in choices]


def decode(
    outputs: Mapping[str, np.ndarray], encoded: Encoded, tokenizer: Any, config: Any
) -> list[dict[str, Any]]:
    """Per item `{"choice", "index", "scores"}`: the best choice and the probability of each."""
    results = []
    for choices, logits in zip(encoded.context, outputs["logits"]):
        scores = softmax(logits[: len(choices)])
        best = int(scores.argmax())
        results.append({"choice": choices[best], "index": best, "scores": scores.tolist()})
    return results
