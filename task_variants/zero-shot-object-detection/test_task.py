"""`zero-shot-object-detection` gives what transformers' pipeline gives."""

from __future__ import annotations

from typing import Any

TASK = "zero-shot-object-detection"


def test_equals_the_pipeline(cell: Any) -> None:
    for image in cell.samples:
        labels = cell.spec.sample_params["candidate_labels"]
        cell.assert_equal(cell.run(image), cell.pipeline(image))
        cell.assert_equal(cell.run(image, candidate_labels=",".join(labels)), cell.run(image))


def test_threshold_leaves_out_low_scores(cell: Any) -> None:
    image = cell.samples[0]
    scores = [answer["score"] for answer in cell.run(image, top_k=None)]
    options = {"threshold": scores[len(scores) // 2] if scores else 0.5, "top_k": None}
    found = cell.run(image, **options)
    cell.assert_equal(found, cell.pipeline(image, **options))
    assert all(answer["score"] > options["threshold"] for answer in found)
