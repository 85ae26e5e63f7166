# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Candidate labels of the zero-shot tasks."""

from __future__ import annotations

from typing import Any

import numpy as np

PLACE = "{}"
"""Placeholder of the label in a hypothesis template."""


def as_labels(candidate_labels: Any) -> list[str]:
    """A list of labels; a string is split at commas.

    Raises:
        TypeError: it is neither a string nor a list of strings.
        ValueError: there are no labels.
    """
    if isinstance(candidate_labels, str):
        parts = candidate_labels.split(",")
        candidate_labels = [part.strip() for part in parts if part.strip()]
    if not isinstance(candidate_labels, (list, tuple)) or not all(
        isinstance(label, str) for label in candidate_labels
    ):
        raise TypeError(f"expected candidate_labels as a list of str, got {candidate_labels!r}")
    if not candidate_labels:
        raise ValueError("candidate_labels is empty; pass at least one label")
    return list(candidate_labels)


def as_captions(candidate_labels: Any, hypothesis_template: str) -> list[str]:
    """The template with `{}` replaced by each label.

    Raises:
        ValueError: the template has no `{}`.
    """
    try:
        same = hypothesis_template.format("label") == hypothesis_template
    except (IndexError, KeyError, ValueError) as error:
        raise ValueError(
            f"hypothesis_template {hypothesis_template!r}: use {PLACE} without a name or index"
        ) from error
    if same:
        raise ValueError("hypothesis_template needs a {}; got " + repr(hypothesis_template))
    return [hypothesis_template.format(label) for label in as_labels(candidate_labels)]


def scored_labels(scores: np.ndarray, candidate_labels: Any) -> list[dict[str, Any]]:
    """The labels with their scores (labels,), best first."""
    pairs = zip(scores.tolist(), as_labels(candidate_labels))
    return [{"score": score, "label": label} for score, label in sorted(pairs, key=lambda x: -x[0])]
