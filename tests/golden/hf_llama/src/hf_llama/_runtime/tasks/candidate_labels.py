# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""Labels that the caller names, as the zero-shot tasks take and return them."""

from __future__ import annotations

from typing import Any

import numpy as np

PLACE = "{}"
"""Where a template has its label."""


def as_labels(candidate_labels: Any) -> list[str]:
    """A list of labels; a string holds them with commas between.

    Raises:
        TypeError: it is neither a string nor a list of strings.
        ValueError: there is none.
    """
    if isinstance(candidate_labels, str):
        parts = candidate_labels.split(",")
        candidate_labels = [part.strip() for part in parts if part.strip()]
    if not isinstance(candidate_labels, (list, tuple)) or not all(
        isinstance(label, str) for label in candidate_labels
    ):
        raise TypeError(f"expected candidate_labels as a list of str, got {candidate_labels!r}")
    if not candidate_labels:
        raise ValueError("candidate_labels is empty; give at least one label")
    return list(candidate_labels)


def as_captions(candidate_labels: Any, hypothesis_template: str) -> list[str]:
    """Each label in the place of `{}` in the template.

    Raises:
        ValueError: the template has no place for a label.
    """
    try:
        same = hypothesis_template.format("label") == hypothesis_template
    except (IndexError, KeyError, ValueError) as error:
        raise ValueError(
            f"hypothesis_template {hypothesis_template!r}: its place for a label is {PLACE},"
            " without a name or number"
        ) from error
    if same:
        raise ValueError("hypothesis_template needs a {}; got " + repr(hypothesis_template))
    return [hypothesis_template.format(label) for label in as_labels(candidate_labels)]


def scored_labels(scores: np.ndarray, candidate_labels: Any) -> list[dict[str, Any]]:
    """The labels with their scores (labels,), best first."""
    pairs = zip(scores.tolist(), as_labels(candidate_labels))
    return [{"score": score, "label": label} for score, label in sorted(pairs, key=lambda x: -x[0])]
