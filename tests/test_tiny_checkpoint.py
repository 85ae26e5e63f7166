"""The weights that a tiny model gets where transformers' own say nothing."""

from __future__ import annotations

import importlib.util
from types import ModuleType
from typing import Any

import pytest

from hf_skillset_templates.registry.store.paths import ROOT

torch = pytest.importorskip("torch")
SOURCE = ROOT / "template" / "package" / "tests" / "tiny_checkpoint.py"


@pytest.fixture(scope="module")
def builder() -> ModuleType:
    """The module that every package has."""
    spec = importlib.util.spec_from_file_location("tiny_checkpoint", SOURCE)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def initialised(builder: ModuleType, module: Any, value: float) -> Any:
    """The module with all weights at `value` before the rest of them is initialised."""
    torch.manual_seed(0)
    for parameter in module.parameters():
        torch.nn.init.constant_(parameter, value)
    builder.initialise_the_rest(module, torch)
    return module


@pytest.mark.parametrize("value", [0.0, float("nan")])
def test_weights_that_decide_nothing_get_values(builder: ModuleType, value: float) -> None:
    gate = initialised(builder, torch.nn.Linear(4, 3, bias=False), value)
    assert gate(torch.ones(1, 4)).unique().numel() == 3


def test_biases_of_zeros_and_norms_of_ones_stay(builder: ModuleType) -> None:
    assert not initialised(builder, torch.nn.Linear(4, 3), 0.0).bias.any()
    assert bool((initialised(builder, torch.nn.LayerNorm(4), 1.0).weight == 1).all())


def test_a_buffer_of_zeros_stays(builder: ModuleType) -> None:
    norm = torch.nn.BatchNorm1d(4)
    builder.initialise_the_rest(norm, torch)
    assert not norm.running_mean.any()


def test_pictures_are_still_told_apart_after_many_convolutions(builder: ModuleType) -> None:
    torch.manual_seed(0)
    deep = torch.nn.Sequential(*(torch.nn.Conv2d(8, 8, 3, padding=1) for _ in range(12)))
    for convolution in deep:
        torch.nn.init.normal_(convolution.weight, std=0.01)
        torch.nn.init.zeros_(convolution.bias)
    builder.initialise_the_rest(deep, torch)
    with torch.no_grad():
        assert deep(torch.randn(1, 8, 8, 8)).std() > 0.01
