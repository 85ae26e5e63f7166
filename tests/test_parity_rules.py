"""How a platform's outputs and results are compared with those of the CPU."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from hf_skillset_runtime.compare.differences import differences
from hf_skillset_runtime.compare.measure import agreement, deviation
from hf_skillset_runtime.compare.parity import Verdict, compare, inexact, too_noisy
from hf_skillset_runtime.compare.ties import untied
from hf_skillset_runtime.tasks.encoded import Encoded

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
    actual = deviation([({"logits": off}, {"logits": expected})])
    assert (actual.compared, actual.worst) == (100, "logits")
    assert "logits is off by 3.0e-04" in inexact(actual, TOLERANCE)
    assert not inexact(deviation([({"logits": expected}, {"logits": expected})]), TOLERANCE)


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (np.zeros((2, 3)), "the output logits has the shape [2, 3] instead of [2, 2]"),
        (np.full((2, 2), np.nan), "other entries of the output logits are masked or not finite"),
    ],
)
def test_another_shape_or_no_number_is_no_agreement(wrong: np.ndarray, problem: str) -> None:
    result = deviation([({"logits": wrong}, {"logits": np.ones((2, 2))})])
    assert result.max_error == math.inf and result.cosine == 0
    reason = inexact(result, TOLERANCE)
    assert reason == too_noisy(result, 0, 0, 0.99)
    assert problem in reason


def test_a_missing_output_is_named() -> None:
    result = deviation([({}, {"logits": np.ones((2, 2))})])
    assert inexact(result, TOLERANCE) == "the output logits is missing"


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


def step(*scores: float) -> dict[str, np.ndarray]:
    """The scores of one step for one row."""
    return {"step 0": np.array([scores])}


def test_choices_are_ties_where_both_sides_have_them_within_the_error() -> None:
    assert untied([(step(4e-6, 0.0, -1.0), step(0.0, 4e-6, -1.0))]) == (1, [])
    # one side is sure: its two tokens are further apart than anything is wrong in the step
    close, problems = untied([(step(4.6e-5, 4.4e-5, -1.0), step(0.0, 9e-5, -1.0))])
    assert close == 0 and "9.0e-05 apart where the error is 4.6e-05" in problems[0]
    # the same outputs in a step that is as wrong elsewhere
    assert untied([(step(4.6e-5, 4.4e-5, -1.0001), step(0.0, 9e-5, -1.0))]) == (1, [])


def generating(scores: Any, text: str) -> Any:
    """A handler whose platform gives these scores in its only step, and this text."""

    class Handler(SimpleNamespace):
        def __call__(self, inputs: list[Any], **_: Any) -> dict[str, Any]:
            return {"result": [text for _ in inputs]}

    platform = SimpleNamespace(
        scores=lambda *_: ([np.array(scores)], [np.array(scores).argmax(-1)]),
        streams=lambda *_: True,
    )
    spec = SimpleNamespace(run="generate", tolerance=TOLERANCE, sample_params={})
    return Handler(platform=platform, spec=spec, endpoint=None, encode=lambda *_, **__: Encoded({}))


def verdict_of(ours: Any, theirs: Any) -> Verdict:
    """What parity makes of two sides, each with its scores and its text."""
    return compare(generating(*ours), generating(*theirs), ["a"], {"tolerance": TOLERANCE})


def test_another_token_is_a_tie_within_the_error_of_its_step_alone() -> None:
    tied = verdict_of(([[1e-5, 0.0]], "a"), ([[0.0, 1e-6]], "b"))
    assert not tied.problem and "1 choices within the error" in tied.tie
    apart = verdict_of(([[4.6e-5, 4.4e-5]], "a"), ([[0.0, 9e-5]], "b"))
    assert "9.0e-05 apart where the error is 4.6e-05" in apart.problem


def test_another_text_from_the_same_tokens_is_no_tie() -> None:
    result = verdict_of(([[0.0, 1.0]], "a"), ([[1e-6, 1.0]], "b"))
    assert "the tokens are equal, the results are not" in result.problem
