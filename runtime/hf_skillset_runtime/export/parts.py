"""The parts of a model: what runs in graphs where the whole has none, and what is called at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def callable_parts(module: Any, name: str) -> Iterator[str]:
    """The names of a module's direct parts; a list of modules stands for what it holds."""
    import torch

    for part_name, part in module.named_children():
        full_name = f"{name}.{part_name}".lstrip(".")
        if type(part).forward is torch.nn.Module.forward:  # it has none of its own
            yield from callable_parts(part, full_name)
        else:
            yield full_name


@contextmanager
def outermost_calls(model: Any) -> Iterator[list[str]]:
    """Collects the names of the modules that are called while no other module runs."""
    import torch

    names = {id(module): name for name, module in model.named_modules()}
    depth, found = [0], []

    def enter(module: Any, _args: Any) -> None:
        if depth[0] == 0 and id(module) in names and names[id(module)] not in found:
            found.append(names[id(module)])
        depth[0] += 1

    def leave(_module: Any, _args: Any, _output: Any) -> None:
        depth[0] -= 1

    hooks = torch.nn.modules.module
    handles = [
        hooks.register_module_forward_pre_hook(enter),
        hooks.register_module_forward_hook(leave),
    ]
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()
