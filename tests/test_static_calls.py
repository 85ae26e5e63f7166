"""What is asked of graphs with fixed shapes, and what they give back."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from hardware.qualcomm import static_calls
from hardware.qualcomm.steps import Steps


@pytest.mark.parametrize(("tokens", "length"), [(1, 8), (8, 8), (9, 16), (33, 64)])
def test_tokens_are_padded_to_a_power_of_two(tokens: int, length: int) -> None:
    row = {
        "input_ids": np.full((1, tokens), 3),
        "attention_mask": np.ones((1, tokens), dtype=np.int64),
        "pixel_values": np.zeros((1, 3, 2, 2)),
    }
    padded = static_calls.forward_row(row, pad_token=1)
    assert padded["input_ids"].tolist() == [[3] * tokens + [1] * (length - tokens)]
    assert padded["attention_mask"].sum() == tokens
    assert padded["pixel_values"].shape == (1, 3, 2, 2)


def test_one_token_less_leaves_what_has_no_tokens() -> None:
    row = {"input_ids": np.array([[1, 2, 3]]), "pixel_values": np.zeros((1, 3, 3, 3))}
    shorter = static_calls.shortened(row)
    assert shorter["input_ids"].tolist() == [[1, 2]]
    assert shorter["pixel_values"].shape == (1, 3, 3, 3)


def test_named_outputs_get_their_lists_and_dicts_back() -> None:
    outputs = {"logits": 1, "feature_maps.0": 2, "feature_maps.1": 3, "text.states.0": 4}
    assert static_calls.nested(outputs) == {
        "logits": 1,
        "feature_maps": [2, 3],
        "text": {"states": [4]},
    }


def test_greedy_search_stops_at_the_end_of_the_text() -> None:
    def logits_of(tokens: list[int]) -> np.ndarray:
        return np.eye(5)[(tokens[-1] + 1) % 5]

    def tokens(count: int, defaults: dict[str, object], chosen: list[int] | None = None) -> list:
        result = static_calls.choices(logits_of, [0], count, defaults, chosen)
        return [token for _scores, token in result]

    assert tokens(9, {"eos_token_id": 3}) == [1, 2, 3]
    assert tokens(2, {"eos_token_id": [3], "begin_suppress_tokens": [1]})[0] != 1
    assert tokens(9, {"eos_token_id": 3}, [4, 4, 3, 4]) == [4, 4, 3]


def test_without_a_length_the_exported_graphs_are_filled() -> None:
    assert static_calls.new_tokens({}, {}, 3, room=5) == 5
    assert static_calls.new_tokens({}, {"max_length": 448}, 3, room=5) == 5
    assert static_calls.new_tokens({}, {"max_new_tokens": 2}, 3, room=5) == 2
    assert static_calls.new_tokens({"max_new_tokens": 9}, {}, 3, room=5) == 9

    config = SimpleNamespace(is_encoder_decoder=False, pad_token_id=0)
    row = {"input_ids": np.array([[5, 6, 7]])}
    graphs = [{"shapes": {"input_ids": [1, length]}} for length in (16, 32)]
    assert (steps := Steps.of(row, config, {}, {}, graphs)).count == 29 and steps.length == 32
    asked = Steps.of(row, config, {}, {"max_new_tokens": 2}, graphs)
    assert (asked.count, asked.length) == (2, 16)  # the smallest that was exported
    beyond = Steps.of(row, config, {}, {"max_new_tokens": 40}, graphs)
    assert beyond.length == 64  # which was not: the call says so
    sampled = {"do_sample": True, "num_beams": 4, "temperature": 0.7}
    assert Steps.of(row, config, sampled, {}, graphs).count == 29  # a checkpoint's settings


def test_what_is_not_greedy_is_refused_by_name() -> None:
    assert static_calls.new_tokens({"max_new_tokens": 4}, {}, 3) == 4
    assert static_calls.new_tokens({}, {"max_length": 9}, 3) == 6
    assert static_calls.new_tokens({}, {}, 30) == 20
    with pytest.raises(ValueError, match="top_k"):
        static_calls.new_tokens({"top_k": 3}, {}, 3)
    with pytest.raises(ValueError, match="sampling"):
        static_calls.new_tokens({"do_sample": True}, {}, 3)


def test_a_transcript_opens_with_the_language_that_is_heard() -> None:
    defaults = {"lang_to_id": {"<|en|>": 2, "<|de|>": 3}, "no_timestamps_token_id": 5}
    heard = np.array([9.0, 0.0, 1.0, 2.0])
    assert static_calls.opening(lambda _tokens: heard, [1], defaults) == [1, 3, 5]
    assert static_calls.opening(lambda _tokens: heard, [1], {}) == [1]
