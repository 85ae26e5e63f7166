"""Tiny configurations keep what makes an architecture, at a size that tests can afford."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from hf_skillset_templates import isolation
from hf_skillset_templates.registry.sources.model_classes import class_names
from hf_skillset_templates.registry.store.publish import merge_entry, publish_folder
from hf_skillset_templates.tiny.config.defaults import default_config
from hf_skillset_templates.tiny.config.draft import draft_of
from hf_skillset_templates.tiny.config.guess import guess
from hf_skillset_templates.tiny.config.judge import MAX_PARAMETERS, round_trip
from hf_skillset_templates.tiny.config.shrink import shrink
from hf_skillset_templates.tiny.config.sizes import kind_of, scaled_target, uniform_target


def small(model_type: str):
    draft = draft_of(default_config(model_type))
    guess(draft, uniform_target)
    return round_trip(draft.build())


@pytest.mark.parametrize("model_type", ["bert", "vit", "whisper", "llava"])
def test_every_class_of_a_modality_runs_within_the_budget(model_type):
    result = shrink(model_type)
    assert set(result.ran) == set(class_names(model_type))
    assert result.parameters <= MAX_PARAMETERS
    assert not result.failed and not result.towers_missed and not result.lost_structure


def test_experts_remain_a_choice():
    config = small("qwen3_moe")
    assert config.num_experts > config.num_experts_per_tok >= 1


def test_grouped_heads_stay_grouped_and_equal_heads_equal():
    grouped, equal = small("qwen2_moe"), small("llama")
    default = default_config("qwen2_moe")
    was_grouped = default.num_key_value_heads < default.num_attention_heads
    assert (grouped.num_key_value_heads < grouped.num_attention_heads) == was_grouped
    assert equal.num_key_value_heads == equal.num_attention_heads


@pytest.mark.parametrize("model_type", ["qwen3_next", "gemma3_text", "lfm2"])
def test_every_kind_of_layer_survives(model_type):
    assert set(small(model_type).layer_types) == set(default_config(model_type).layer_types)


def test_normalisation_epsilons_are_never_touched():
    assert kind_of("rms_norm_eps") is None and kind_of("layer_norm_eps") is None
    assert small("llama").rms_norm_eps == default_config("llama").rms_norm_eps


def test_scaling_by_dimension_keeps_products():
    target = scaled_target(16)
    width = target("width", "hidden_size", 768)
    assert width == target("heads", "num_heads", 12) * target("head_dim", "head_dim", 64)


def test_a_value_is_never_raised():
    for value in (1, 2, 3, 7, 16):
        for kind in ("width", "heads", "ffn", "vocab", "experts"):
            assert uniform_target(kind, "size", value) <= value


def test_a_job_that_fails_says_at_which_stage():
    record = isolation.run_isolated("os:strerror", "not a number", 60, 2000)
    assert "TypeError" in record["error"]


def test_a_job_that_takes_too_long_is_ended():
    record = isolation.run_isolated("time:sleep", 60, 1, 2000)
    assert "no result" in record["error"]


def test_publishing_the_same_again_changes_nothing(tmp_path):
    for expected in (True, False):
        staged = tmp_path / "staged"
        staged.mkdir()
        (staged / "config.json").write_text("{}")
        assert publish_folder(staged, tmp_path / "target") is expected
        assert merge_entry(tmp_path / "entry.json", {"b": 1, "a": 2}) is expected
    assert (tmp_path / "entry.json").read_text() == '{\n  "a": 2,\n  "b": 1\n}\n'
