# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Vectors of length one, and the cosine of two."""

from __future__ import annotations

import numpy as np

SHORTEST = 1e-12
"""Length below which a vector counts as one of zeros."""


def unit(vectors: np.ndarray) -> np.ndarray:
    """The vectors (..., width) with length one; those of zeros stay."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: np.ndarray = vectors / np.maximum(lengths, SHORTEST)
    return scaled


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    """The cosine of two vectors (width,)."""
    return float(unit(one) @ unit(other))
