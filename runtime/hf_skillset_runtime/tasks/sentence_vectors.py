"""One vector for a text, made of the states of its tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from .sentence_modules import SentenceModules
from .vectors import unit


def weighted_mean(states: np.ndarray, start: int) -> np.ndarray:
    """The mean, in which the n-th token of all counts n times."""
    weights = np.arange(start + 1, len(states) + 1)
    mean: np.ndarray = np.average(states[start:], axis=0, weights=weights)
    return mean


POOLINGS: Mapping[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "cls": lambda states, start: states[0],
    "max": lambda states, start: states[start:].max(axis=0),
    "mean": lambda states, start: states[start:].mean(axis=0),
    "mean_sqrt_len_tokens": lambda states, start: (
        states[start:].sum(axis=0) / np.sqrt(len(states) - start)
    ),
    "weightedmean": weighted_mean,
    "lasttoken": lambda states, start: states[-1],
}
"""Pooling -> the vector (hidden,) for states (tokens, hidden), by sentence-transformers' names.

The second argument is the first token that a mean or maximum takes in.
"""


def sentence_vector(
    states: np.ndarray,
    modules: SentenceModules,
    pooling: str | None = None,
    normalize: bool | None = None,
    prompt_tokens: int = 0,
) -> np.ndarray:
    """The vector (width,) of a text.

    Args:
        states: (tokens, hidden), or (hidden,) of an encoder that pools itself.
        modules: how the checkpoint makes it.
        pooling: instead of the checkpoint's.
        normalize: whether to give it length one; None as the checkpoint does.
        prompt_tokens: how many tokens at the start are the prompt's.

    Raises:
        ValueError: there is no such pooling.
    """
    names = modules.poolings if pooling is None else (pooling,)
    if unknown := [name for name in names if name not in POOLINGS]:
        raise ValueError(f"unknown pooling {unknown[0]!r}; use one of: {', '.join(POOLINGS)}")
    tokens = np.atleast_2d(states)
    start = 0 if modules.pools_prompt or len(tokens) <= prompt_tokens else prompt_tokens
    vector = np.concatenate([POOLINGS[name](tokens, start) for name in names])
    for layer in modules.dense:
        vector = layer(vector)
    return unit(vector) if (modules.normalize if normalize is None else normalize) else vector
