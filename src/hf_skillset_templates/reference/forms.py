"""The forms of a correct result: other skillsets may return other forms than this project's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

TEXTS = ("generated_text", "text", "answer", "summary_text", "translation_text", "token_str")
"""Keys of the text in results of text tasks."""


def pooled(pool: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A form of hidden states (..., tokens, hidden): `pool` of those of the first input."""

    def form(expected: Any) -> Any:
        states = np.asarray(expected, dtype=np.float64)
        states = states.reshape(-1, *states.shape[-2:])[0] if states.ndim > 2 else states
        return pool(states) if states.ndim == 2 else states

    return form


def text_of(expected: Any) -> str | None:
    """The text in a result, at any depth; None if there is none."""
    if isinstance(expected, str):
        return expected
    if isinstance(expected, list) and expected:
        return text_of(expected[0])
    if isinstance(expected, Mapping):
        return next((str(expected[key]) for key in TEXTS if key in expected), None)
    return None


def new_text(expected: Any) -> str | None:
    """The generated text without the prompt, if the result repeats it."""
    text = text_of(expected)
    first = expected[0] if isinstance(expected, list) and expected else expected
    prompt = first.get("input_text") if isinstance(first, Mapping) else None
    return text.removeprefix(prompt) if text is not None and isinstance(prompt, str) else text


def scores(expected: Any) -> dict[str, float] | None:
    """Label -> score; None if the result is not a list of labels."""
    if not (isinstance(expected, list) and all(isinstance(each, Mapping) for each in expected)):
        return None
    return {str(each.get("label")): float(each["score"]) for each in expected if "score" in each}


def best(expected: Any) -> str | None:
    """The label of the highest score."""
    by_label = scores(expected)
    return max(by_label, key=lambda label: by_label[label]) if by_label else None


FORMS: dict[str, Callable[[Any], Any]] = {
    "result": lambda expected: expected,
    "mean": pooled(lambda states: states.mean(axis=0)),
    "first": pooled(lambda states: states[0]),
    "last": pooled(lambda states: states[-1]),
    "tokens": pooled(lambda states: states),
    "text": text_of,
    "new_text": new_text,
    "scores": scores,
    "best": best,
}


def plain(value: Any) -> Any:
    """Tensors, arrays and model outputs as lists and dicts."""
    if hasattr(value, "detach"):
        value = value.detach().cpu().float() if value.is_floating_point() else value.detach().cpu()
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, (list, tuple)) else value


def unwrapped(value: Any) -> Any:
    """The value inside nested lists of length one."""
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value
