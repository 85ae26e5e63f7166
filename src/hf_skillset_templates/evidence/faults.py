"""Deliberately broken models, each of which parity has to reject."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

from hf_skillset_runtime.compare.outputs import encode

from .sensitivity import distance, outputs_of

SCALE = 1.25
PAIRS_TRIED = 10
SOME = 1e-2
"""Two layers whose exchange changes outputs by less do the same work: attention over one token."""


def broken(handler: Any, other: Any, items: list[Any]) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Functions that make a broken handler from a good one, by the name of the fault.

    Args:
        handler: a good handler on the CPU.
        other: the same with other random weights.
        items: different inputs of the task.
    """
    yield "other weights", lambda: other
    yield "another sample's answer", lambda: with_platform(handler, Late(handler, items))
    yield "scaled output", lambda: with_platform(handler, Scaled(handler.platform))
    yield "swapped layers", lambda: swapped(handler, items)


def with_platform(handler: Any, platform: Any) -> Any:
    """The handler on another platform."""
    return dataclasses.replace(handler, platform=platform)


class Wrapped:
    """A platform that delegates everything to another one."""

    def __init__(self, platform: Any) -> None:
        self.platform = platform

    def __getattr__(self, name: str) -> Any:
        return getattr(self.platform, name)


class Late(Wrapped):
    """Returns for each call the outputs of the previous one."""

    def __init__(self, handler: Any, items: list[Any]) -> None:
        super().__init__(handler.platform)
        self.waiting = encode(handler, items[-1:])[-1]

    def run(self, endpoint: Any, spec: Any, encoded: Any) -> Any:
        """The outputs of the previous call."""
        self.waiting, asked = encoded, self.waiting
        return self.platform.run(endpoint, spec, asked)

    def scores(self, endpoint: Any, spec: Any, encoded: Any, chosen: Any) -> Any:
        """The scores of the previous call."""
        scores = self.platform.scores(endpoint, spec, self.waiting, chosen)
        if scores is not None:  # else `run` is asked for the same call
            self.waiting = encoded
        return scores


class Scaled(Wrapped):
    """Multiplies all floats."""

    def run(self, endpoint: Any, spec: Any, encoded: Any) -> Any:
        """The outputs, scaled."""
        return scaled(self.platform.run(endpoint, spec, encoded))

    def scores(self, endpoint: Any, spec: Any, encoded: Any, chosen: Any) -> Any:
        """The scores, scaled."""
        scores = self.platform.scores(endpoint, spec, encoded, chosen)
        return scores and (scaled(scores[0]), scores[1])


def scaled(value: Any) -> Any:
    """Arrays of floats, at any depth, times `SCALE`."""
    if isinstance(value, dict):
        return {name: scaled(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(scaled(item) for item in value)
    return value * SCALE if getattr(value, "dtype", None) is not None and is_float(value) else value


def is_float(array: Any) -> bool:
    """Whether an array holds floats."""
    return bool(array.dtype.kind == "f")


def swapped(handler: Any, items: list[Any]) -> Any:
    """The handler with the weights of two layers of the same shape exchanged.

    Raises:
        LookupError: no two layers have one shape and different work.
    """
    names = executed_layers(handler)
    shapes = [handler.endpoint.get_submodule(name).weight.shape for name in names]
    pairs = [
        (one, other)
        for i, one in enumerate(names)
        for j, other in enumerate(names[i + 1 :], i + 1)
        if shapes[i] == shapes[j]
    ]
    call = encode(handler, items[:1])[0]
    for one, other in pairs[:PAIRS_TRIED]:
        model = copy.deepcopy(handler.endpoint)
        exchange(model.get_submodule(one), model.get_submodule(other))
        wrong = dataclasses.replace(handler, endpoint=model)
        if distance(outputs_of(handler, call), outputs_of(wrong, call))[0] > SOME:
            return wrong
    raise LookupError("no two layers have one shape and different work")


def exchange(one: Any, other: Any) -> None:
    """Swap the weights of two layers."""
    import torch

    with torch.no_grad():
        kept = one.weight.clone()
        one.weight.copy_(other.weight)
        other.weight.copy_(kept)


def executed_layers(handler: Any) -> list[str]:
    """The names of the plain layers that run for the first sample, in order."""
    import torch

    from hf_skillset_runtime.tasks.samples import sample_inputs

    seen: dict[str, None] = {}
    handles = [
        module.register_forward_hook(lambda *_, name=name: seen.setdefault(name, None))
        for name, module in handler.endpoint.named_modules()
        if type(module) in (torch.nn.Linear, torch.nn.Conv2d, torch.nn.Conv1d)
    ]
    try:
        sample = sample_inputs(handler.spec, handler.processor)[0]
        handler(sample, **handler.spec.sample_params)
    finally:
        for handle in handles:
            handle.remove()
    return list(seen)
