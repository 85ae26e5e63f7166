# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Random numbers of one call, from its own generator instead of torch's global one.

Models of transformers draw from the global generator. Seeding it would affect the calls of
other threads, and their draws would affect this call.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any


@contextmanager
def drawn_from(seed: int | None) -> Iterator[None]:
    """Draw this thread's random numbers from a generator with `seed`; None changes nothing.

    The numbers equal those after `torch.manual_seed(seed)` on the CPU. They are drawn on the CPU
    for every device, because generators of other devices draw other numbers from the same seed.
    """
    if seed is None:
        yield
        return
    with drawing_mode()(seed):
        yield


@contextmanager
def undrawn() -> Iterator[None]:
    """Use no generator while tracing: a graph must not contain one."""
    from torch.utils._python_dispatch import _disable_current_modes

    with _disable_current_modes():
        yield


@cache
def drawing_mode() -> Any:
    """The `TorchDispatchMode` that passes a generator to operators; torch is imported only here."""
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    class Drawing(TorchDispatchMode):  # type: ignore[misc]
        """Modes are thread-local. Each random operator gets this mode's generator."""

        def __init__(self, seed: int) -> None:
            super().__init__()
            self.generator = torch.Generator("cpu").manual_seed(seed)

        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            kwargs = dict(kwargs or {})
            if any(isinstance(each, torch.Generator) for each in (*args, *kwargs.values())):
                return func(*args, **kwargs)  # that of the call, or of a mode inside this one
            seeded = with_generator(func) if is_drawing(func) else None
            if seeded is None:
                return func(*args, **kwargs)
            device = device_of(args, kwargs)
            if "device" in kwargs:
                kwargs["device"] = torch.device("cpu")
            moved = [on_cpu(value) for value in args]
            drawn = seeded(*moved, **kwargs, generator=self.generator)
            if device.type == "cpu":
                return drawn
            in_place = func._schema.is_mutable
            return args[0].copy_(drawn) if in_place else drawn.to(device)

    def is_drawing(operator: Any) -> bool:
        return torch.Tag.nondeterministic_seeded in operator.tags

    def on_cpu(value: Any) -> Any:
        return value.cpu() if isinstance(value, torch.Tensor) else value

    return Drawing


@cache
def with_generator(operator: Any) -> Any:
    """The overload of an operator with a generator argument; None if there is none."""
    packet = operator._overloadpacket
    name = operator._overloadname
    for overload in (name, "generator" if name == "default" else f"{name}_generator"):
        if overload in packet.overloads():
            candidate = getattr(packet, overload)
            if any(argument.name == "generator" for argument in candidate._schema.arguments):
                return candidate
    return None


def device_of(args: Any, kwargs: Any) -> Any:
    """The device that an operator draws random numbers on."""
    import torch

    if kwargs.get("device") is not None:
        return torch.device(kwargs["device"])
    tensors = [value for value in (*args, *kwargs.values()) if isinstance(value, torch.Tensor)]
    return tensors[0].device if tensors else torch.device("cpu")
