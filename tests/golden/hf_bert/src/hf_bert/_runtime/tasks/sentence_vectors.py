# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""One vector for a text, made of the states of its tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from .sentence_modules import SentenceModules
from .vectors import unit


def weighted_mean(states: np.ndarray) -> np.ndarray:
    """The mean, in which the n-th token counts n times."""
    mean: np.ndarray = np.average(states, axis=0, weights=np.arange(1, len(states) + 1))
    return mean


POOLINGS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "cls": lambda states: states[0],
    "max": lambda states: states.max(axis=0),
    "mean": lambda states: states.mean(axis=0),
    "mean_sqrt_len_tokens": lambda states: states.sum(axis=0) / np.sqrt(len(states)),
    "weightedmean": weighted_mean,
    "lasttoken": lambda states: states[-1],
}
"""Pooling -> the vector (hidden,) for states (tokens, hidden), by sentence-transformers' names."""


def sentence_vector(
    states: np.ndarray,
    modules: SentenceModules,
    pooling: str | None = None,
    normalize: bool | None = None,
) -> np.ndarray:
    """The vector (width,) of a text.

    Args:
        states: (tokens, hidden), or (hidden,) of an encoder that pools itself.
        modules: how the checkpoint makes it.
        pooling: instead of the checkpoint's.
        normalize: whether to give it length one; None as the checkpoint does.

    Raises:
        ValueError: there is no such pooling.
    """
    names = modules.poolings if pooling is None else (pooling,)
    if unknown := [name for name in names if name not in POOLINGS]:
        raise ValueError(f"no pooling {unknown[0]!r}; use one of: {', '.join(POOLINGS)}")
    tokens = np.atleast_2d(states)
    vector = np.concatenate([POOLINGS[name](tokens) for name in names])
    for layer in modules.dense:
        vector = layer(vector)
    return unit(vector) if (modules.normalize if normalize is None else normalize) else vector
