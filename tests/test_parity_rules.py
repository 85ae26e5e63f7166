"""How a platform's outputs and results are compared with those of the CPU."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hf_skillset_runtime.compare.differences import differences
from hf_skillset_runtime.compare.measure import agreement, deviation
from hf_skillset_runtime.compare.parity import inexact, too_noisy

Image = pytest.importorskip("PIL.Image")
TOLERANCE = 1e-4
RANDOM = np.random.default_rng(0)


def depth(*colours: int) -> dict[str, object]:
    """A result with an image of one row."""
    return {
        "predicted_depth": [0.5],
        "depth": Image.frombytes("L", (len(colours), 1), bytes(colours)),
    }


def test_a_shade_rounded_the_other_way_is_the_same_picture() -> None:
    assert not differences(depth(10, 200, 30), depth(10, 201, 29), TOLERANCE)


def test_another_colour_size_or_mode_is_another_picture() -> None:
    assert differences(depth(10, 200, 30), depth(10, 202, 30), TOLERANCE)
    assert differences(depth(10, 20, 30), depth(10, 20), TOLERANCE)
    assert differences(depth(1), {**depth(1), "depth": Image.new("RGB", (1, 1))}, TOLERANCE)
    upright, lying = Image.new("L", (2, 3)), Image.new("L", (3, 2))
    assert differences({"mask": upright}, {"mask": lying}, TOLERANCE)


def ranking(**scores: float) -> list[dict[str, object]]:
    """A ranking of labels."""
    return [{"label": label, "score": score} for label, score in scores.items()]


def test_rankings_are_compared_by_the_scores_of_the_same_labels() -> None:
    assert not differences(ranking(a=0.5, b=0.5), ranking(b=0.5, a=0.5), TOLERANCE)
    assert differences(ranking(a=0.6, b=0.4), ranking(b=0.6, a=0.4), TOLERANCE)


def test_a_label_may_miss_a_ranking_by_less_than_the_tolerance_alone() -> None:
    expected = ranking(a=0.5, b=0.3)
    assert not differences(ranking(a=0.5, c=0.3), expected, TOLERANCE)
    assert differences(ranking(a=0.5, c=0.4), expected, TOLERANCE)


def test_an_element_beyond_the_tolerance_is_found() -> None:
    expected = RANDOM.standard_normal((2, 50))
    off = expected.copy()
    off[1, 7] += 3e-4
    found = deviation([({"logits": off}, {"logits": expected})])
    assert (found.compared, found.worst) == (100, "logits")
    assert "logits is off by 3.0e-04" in inexact(found, TOLERANCE)
    assert not inexact(deviation([({"logits": expected}, {"logits": expected})]), TOLERANCE)


@pytest.mark.parametrize("wrong", [np.zeros((2, 3)), np.full((2, 2), np.nan)])
def test_another_shape_or_no_number_is_no_agreement(wrong: np.ndarray) -> None:
    found = deviation([({"logits": wrong}, {"logits": np.ones((2, 2))})])
    assert found.max_error == math.inf and found.cosine == 0
    assert inexact(found, TOLERANCE) and too_noisy(found, 0, 0, 0.99)


def test_a_platform_that_gives_every_input_the_same_answer_is_refused_as_noise() -> None:
    common = 100 * RANDOM.standard_normal((1, 64))
    inputs = [common + RANDOM.standard_normal((1, 64)) for _ in range(8)]
    constant = deviation([({"logits": common}, {"logits": one}) for one in inputs])
    assert too_noisy(constant, 8, 8, 0.99)
    noisy = [one + 0.05 * RANDOM.standard_normal((1, 64)) for one in inputs]
    fine = deviation([({"logits": n}, {"logits": one}) for n, one in zip(noisy, inputs)])
    assert not too_noisy(fine, 8, 8, 0.99) and 20 < fine.snr < 30


def test_choices_are_counted_where_something_is_chosen() -> None:
    theirs = np.array([[0.0, 1.0], [1.0, 0.0]])
    pairs = [
        ({"logits": theirs[::-1].copy()}, {"logits": theirs}),
        ({"step 0": theirs}, {"step 0": theirs}),
    ]
    assert agreement(pairs) == (2, 4)
    assert agreement([({"last_hidden_state": theirs}, {"last_hidden_state": theirs})]) == (0, 0)
    assert too_noisy(deviation(pairs[1:]), 1, 4, 0.99)
