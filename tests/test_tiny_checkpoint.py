"""The weights that a tiny model gets where transformers' own say nothing."""

from __future__ import annotations

from typing import Any

import pytest

from hf_skillset_runtime.testing.tiny_checkpoint import initialise_the_rest

torch = pytest.importorskip("torch")


def initialised(module: Any, value: float) -> Any:
    """The module with all weights at `value` before the rest of them is initialised."""
    torch.manual_seed(0)
    for parameter in module.parameters():
        torch.nn.init.constant_(parameter, value)
    initialise_the_rest(module, torch)
    return module


@pytest.mark.parametrize("value", [0.0, float("nan")])
def test_weights_that_decide_nothing_get_values(value: float) -> None:
    gate = initialised(torch.nn.Linear(4, 3, bias=False), value)
    assert gate(torch.ones(1, 4)).unique().numel() == 3


def test_biases_of_zeros_and_norms_of_ones_stay() -> None:
    assert not initialised(torch.nn.Linear(4, 3), 0.0).bias.any()
    assert bool((initialised(torch.nn.LayerNorm(4), 1.0).weight == 1).all())


def test_a_buffer_of_zeros_stays() -> None:
    norm = torch.nn.BatchNorm1d(4)
    initialise_the_rest(norm, torch)
    assert not norm.running_mean.any()


def test_images_are_still_told_apart_after_many_convolutions() -> None:
    torch.manual_seed(0)
    deep = torch.nn.Sequential(*(torch.nn.Conv2d(8, 8, 3, padding=1) for _ in range(12)))
    for convolution in deep:
        torch.nn.init.normal_(convolution.weight, std=0.01)
        torch.nn.init.zeros_(convolution.bias)
    initialise_the_rest(deep, torch)
    with torch.no_grad():
        assert deep(torch.randn(1, 8, 8, 8)).std() > 0.01
