# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Vectors of length one, and how similar two vectors are."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

SHORTEST = 1e-12
"""Length below which a vector counts as one of zeros."""


def unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors (..., width) scaled to length one; those of length zero are unchanged."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: np.ndarray = vectors / np.maximum(lengths, SHORTEST)
    return scaled


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    """The cosine similarity of two vectors (width,)."""
    return float(unit(one) @ unit(other))


SIMILARITIES: Mapping[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "cosine": cosine,
    "dot": lambda one, other: float(one @ other),
    "euclidean": lambda one, other: -float(np.linalg.norm(one - other)),
    "manhattan": lambda one, other: -float(np.abs(one - other).sum()),
}
"""Similarity of two vectors (width,), by sentence-transformers' names; distances are negative."""
