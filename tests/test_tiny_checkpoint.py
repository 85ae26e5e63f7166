"""The weights of tiny models: what goes in decides what comes out."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")
weights = pytest.importorskip("hf_skillset_runtime.testing.weights")


class Model(torch.nn.Module):  # type: ignore[misc, name-defined]
    """What `strengthen` asks of a model of transformers."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.layer = layer

    def get_output_embeddings(self) -> None:
        return None

    def get_input_embeddings(self) -> None:
        return None


def strengthen(layer: Any, seed: int = 0) -> None:
    """Strengthen a layer as the only one of a model."""
    weights.strengthen(Model(layer), seed)


def strengthened(module: Any, value: float) -> Any:
    """The module with all parameters at `value` before it is strengthened."""
    for parameter in module.parameters():
        torch.nn.init.constant_(parameter, value)
    strengthen(module)
    return module


def test_weights_that_were_never_initialised_get_values() -> None:
    gate = strengthened(torch.nn.Linear(4, 3, bias=False), float("nan"))
    assert gate(torch.ones(1, 4)).unique().numel() == 3


def test_the_same_seed_gives_the_same_weights() -> None:
    one, again, other = (torch.nn.Linear(8, 8) for _ in range(3))
    for layer, seed in ((one, 0), (again, 0), (other, 1)):
        torch.nn.init.constant_(layer.weight, float("nan"))
        torch.nn.init.constant_(layer.bias, 0.0)
        strengthen(layer, seed)
    assert torch.equal(one.weight, again.weight) and torch.equal(one.bias, again.bias)
    assert not torch.equal(one.weight, other.weight)


def test_statistics_of_a_batch_norm_stay() -> None:
    norm = torch.nn.BatchNorm1d(4)
    strengthen(norm)
    assert not norm.running_mean.any()


def test_images_are_still_told_apart_after_many_convolutions() -> None:
    torch.manual_seed(0)
    deep = torch.nn.Sequential(*(torch.nn.Conv2d(8, 8, 3, padding=1) for _ in range(12)))
    for convolution in deep:
        torch.nn.init.normal_(convolution.weight, std=0.01)
        torch.nn.init.zeros_(convolution.bias)
    strengthen(deep)
    with torch.no_grad():
        assert deep(torch.randn(1, 8, 8, 8)).std() > 0.01
