"""How a platform's results are compared with those of the CPU."""

from __future__ import annotations

import numpy as np
import pytest

from hf_skillset_runtime.compare import parity, ties

Image = pytest.importorskip("PIL.Image")
TOLERANCE = 1e-4


def depth(*colours: int) -> dict[str, object]:
    """A result with a picture of one row."""
    return {
        "predicted_depth": [0.5],
        "depth": Image.frombytes("L", (len(colours), 1), bytes(colours)),
    }


def test_a_shade_rounded_the_other_way_is_the_same_picture() -> None:
    error = parity.measure(depth(10, 200, 30), depth(10, 201, 29), TOLERANCE)
    assert (error.mismatches, error.max_abs, error.texts_differ) == (0, 0, False)


def test_another_colour_is_a_number_that_differs() -> None:
    error = parity.measure(depth(10, 200, 30), depth(10, 202, 30), TOLERANCE)
    assert error.mismatches > 0 and not error.texts_differ
    assert error.max_abs == pytest.approx(2 / 255)


def test_another_size_or_mode_is_another_picture() -> None:
    assert parity.measure(depth(10, 20, 30), depth(10, 20), TOLERANCE).texts_differ
    colourful = {**depth(1), "depth": Image.new("RGB", (1, 1))}
    assert parity.measure(depth(1), colourful, TOLERANCE).texts_differ


def test_sides_of_a_picture_may_not_change_places() -> None:
    upright, lying = Image.new("L", (2, 3)), Image.new("L", (3, 2))
    assert parity.measure({"mask": upright}, {"mask": lying}, TOLERANCE).texts_differ


def test_segments_without_a_score_have_no_ranking() -> None:
    segments = [{"label": "a", "score": None}, {"label": "b", "score": None}]
    assert parity.measure(segments, segments, TOLERANCE).mismatches == 0
    assert parity.measure(segments[::-1], segments, TOLERANCE).texts_differ


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ([{"label": "a", "score": 0.9}], True),
        ([[{"label": "a", "score": 0.9}], [{"label": "b", "score": 0.8}]], True),
        ([{"label": "a", "score": 0.9, "box": {}}], False),
        ([{"generated_text": "a"}], False),
        ({"logits": [[0.1]]}, False),
    ],
)
def test_labels_with_scores_are_a_classification(result: object, expected: bool) -> None:
    assert parity.is_classification(result) is expected


def test_outputs_are_compared_one_by_one() -> None:
    outputs = {"logits": np.ones((1, 2)), "maps": [np.array([0.5]), np.array([3])]}
    assert [name for name, _ in ties.numbers(outputs)] == ["outputs.logits", "outputs.maps.0"]
    assert ties.cosine([(1.0, 2.0), (2.0, 4.0)]) == pytest.approx(1)
    assert ties.cosine([(1.0, 0.0), (0.0, 1.0)]) == 0
    assert ties.cosine([]) == 1
