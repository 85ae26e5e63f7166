"""The scores of each generation step, and models whose `generate` cannot record them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from hf_skillset_runtime.platforms.token_steps import token_scores
from hf_skillset_runtime.tasks.encoded import Encoded

SPEC: Any = SimpleNamespace(
    run="generate", facts={}, name="text-generation", generation_defaults={}
)
PROMPT = Encoded(
    {"input_ids": torch.tensor([[1, 2]]), "attention_mask": torch.ones(1, 2, dtype=torch.long)},
    generate_kwargs={"max_new_tokens": 3, "pad_token_id": 0, "eos_token_id": 31},
)


def small() -> GPT2Config:
    """A configuration of a few hundred parameters."""
    return GPT2Config(vocab_size=32, n_positions=16, n_embd=8, n_layer=1, n_head=1)


class OwnProcessors(GPT2LMHeadModel):
    """Passes processors of its own to a part, as Bark does."""

    def generate(self, *inputs: Any, **options: Any) -> Any:
        return super().generate(*inputs, logits_processor=[], **options)


class Broken(GPT2LMHeadModel):
    def generate(self, *inputs: Any, **options: Any) -> Any:
        raise TypeError("unsupported operand")


def test_each_step_has_scores() -> None:
    recorded = token_scores(GPT2LMHeadModel(small()).eval(), SPEC, PROMPT, None)
    assert recorded and len(recorded[0]) == 3 and recorded[0][0].shape == (1, 32)


def test_a_model_with_processors_of_its_own_has_no_steps() -> None:
    assert token_scores(OwnProcessors(small()).eval(), SPEC, PROMPT, None) is None


def test_another_error_is_raised() -> None:
    with pytest.raises(TypeError, match="unsupported operand"):
        token_scores(Broken(small()).eval(), SPEC, PROMPT, None)
