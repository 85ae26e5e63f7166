# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Conversion of logits to labelled scores, as in transformers' classification pipelines."""

from __future__ import annotations

from typing import Any

import numpy as np


def softmax(logits: np.ndarray) -> np.ndarray:
    """Softmax over the last axis of logits (..., labels)."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    scores: np.ndarray = shifted / shifted.sum(axis=-1, keepdims=True)
    return scores


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Elementwise logistic function of logits of any shape."""
    scores: np.ndarray = 1.0 / (1.0 + np.exp(-logits))
    return scores


def class_scores(logits: np.ndarray, config: Any, function_to_apply: str | None) -> np.ndarray:
    """Scores (labels,) of one row of logits (labels,).

    Args:
        function_to_apply: `softmax`, `sigmoid` or `none`; by default it depends on the checkpoint's
            `problem_type` and number of labels, as in transformers' pipelines.

    Raises:
        ValueError: `function_to_apply` is none of these.
    """
    if function_to_apply is None:
        if config.problem_type == "regression":
            function_to_apply = "none"
        elif config.problem_type == "multi_label_classification" or len(logits) == 1:
            function_to_apply = "sigmoid"
        else:
            function_to_apply = "softmax"
    functions = {"softmax": softmax, "sigmoid": sigmoid}
    if function_to_apply == "none":
        return logits
    if function_to_apply not in functions:
        names = ", ".join([*functions, "none"])
        raise ValueError(f"expected function_to_apply as one of {names}; got {function_to_apply!r}")
    return functions[function_to_apply](logits)


def labelled(scores: np.ndarray, config: Any, top_k: int | None) -> list[dict[str, Any]]:
    """The `top_k` best labels (None: all) of scores (labels,): `{"label", "score"}`, best first."""
    return ranked(scores, config.id2label, top_k)


def ranked(scores: np.ndarray, names: Any, top_k: int | None) -> list[dict[str, Any]]:
    """The `top_k` best labels (all if None) as `{"label", "score"}`, best first.

    Args:
        scores: (labels,).
        names: the label of each index.
    """
    order = np.argsort(-scores, kind="stable")[:top_k]
    return [{"label": names[int(i)], "score": float(scores[i])} for i in order]
