"""What is asked of graphs with fixed shapes, and what they give back."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from hardware.qualcomm import static_calls
from hardware.qualcomm.steps import Steps
from hf_skillset_templates.registry.store.entries import read_entry
from hf_skillset_templates.registry.store.model_types import model_types


@pytest.mark.parametrize(("tokens", "length"), [(1, 8), (8, 8), (9, 16), (33, 64)])
def test_tokens_are_padded_to_a_power_of_two(tokens: int, length: int) -> None:
    row = {
        "input_ids": np.full((1, tokens), 3),
        "attention_mask": np.ones((1, tokens), dtype=np.int64),
        "pixel_values": np.zeros((1, 3, 2, 2)),
    }
    names = static_calls.token_inputs([row])
    padded = static_calls.forward_row(row, 1, names)
    assert padded["input_ids"].tolist() == [[3] * tokens + [1] * (length - tokens)]
    assert padded["attention_mask"].sum() == tokens
    assert padded["pixel_values"].shape == (1, 3, 2, 2)


def test_one_token_less_leaves_what_has_no_tokens() -> None:
    row = {"input_ids": np.array([[1, 2, 3]]), "pixel_values": np.zeros((1, 3, 3, 3))}
    shorter = static_calls.shortened(row, static_calls.token_inputs([row]))
    assert shorter["input_ids"].tolist() == [[1, 2]]
    assert shorter["pixel_values"].shape == (1, 3, 3, 3)


def test_rows_of_different_length_tell_the_token_axes() -> None:
    def row(tokens: int) -> static_calls.Arrays:
        return {
            "input_ids": np.ones((1, tokens), dtype=np.int64),
            "cross_attention_mask": np.ones((1, tokens, 1, 4), dtype=np.int64),
            "pixel_mask": np.ones((1, 5, 5), dtype=np.int64),
            "pixel_values": np.ones((1, 5, 5)),
        }

    assert static_calls.token_inputs([row(5), row(7)]) == ("cross_attention_mask", "input_ids")
    assert "pixel_values" not in static_calls.token_inputs([row(5)])
    assert static_calls.token_inputs([{"pixel_values": np.ones((1, 3))}]) == ()


def test_the_layout_of_images_is_in_integer_inputs_of_the_registry_alone() -> None:
    stated: dict[str, set[str]] = {}
    for name in model_types():
        for facts in read_entry(name)["tasks"].values():
            for tensor, about in facts.get("tensors", {}).get("input", {}).items():
                stated.setdefault(tensor, set()).add(about["dtype"])
    rows = {name: np.zeros(1, dtype=min(dtypes - {"bfloat16"})) for name, dtypes in stated.items()}
    layout = static_calls.layout_inputs(rows)
    assert {"image_grid_thw", "image_sizes", "mm_token_type_ids", "batch_num_images"} <= layout
    unrelated = {"input_ids", "attention_mask", "token_type_ids", "pixel_mask", "pixel_values"}
    assert not layout & (unrelated | {name for name in stated if name.endswith("mask")})


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
    row, names = {"input_ids": np.array([[5, 6, 7]])}, ("input_ids",)
    graphs = [{"shapes": {"input_ids": [1, length]}} for length in (16, 32)]
    assert (
        steps := Steps.of(row, names, config, {}, {}, graphs)
    ).count == 29 and steps.length == 32
    asked = Steps.of(row, names, config, {}, {"max_new_tokens": 2}, graphs)
    assert (asked.count, asked.length) == (2, 16)  # the smallest that was exported
    beyond = Steps.of(row, names, config, {}, {"max_new_tokens": 40}, graphs)
    assert beyond.length == 64  # which was not: the call says so
    sampled = {"do_sample": True, "num_beams": 4, "temperature": 0.7}
    assert Steps.of(row, names, config, sampled, {}, graphs).count == 29  # a checkpoint's settings


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
