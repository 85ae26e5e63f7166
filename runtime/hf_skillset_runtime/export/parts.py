"""The submodules that are exported if the whole model cannot be, and those that are called."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from .calls import has_past


def parts_of(module: Any, name: str, named: Mapping[str, Any]) -> list[str]:
    """The submodules to export if `module` (called with `named`) cannot be exported as a whole.

    Encoders, decoder, projector and head of a multimodal model, else the direct submodules.
    """
    from transformers.exporters.utils import decompose_multimodal

    if not has_towers(module, name, has_past(named)):
        return list(callable_parts(module, name))
    parts = decompose_multimodal(module, copy.deepcopy(dict(named)))
    names = {id(part): part_name for part_name, part in module.named_modules()}
    return [names[id(part)] for part, _inputs in parts.values()]


def has_towers(module: Any, name: str, filled: bool) -> bool:
    """Whether exporters decompose the model for this call (`filled`: with a filled cache)."""
    from transformers.exporters.utils import is_multimodal

    return not name and not filled and is_multimodal(module)


def callable_parts(module: Any, name: str) -> Iterator[str]:
    """The names of a module's direct submodules; those of a `ModuleList` instead of itself."""
    import torch

    for part_name, part in module.named_children():
        full_name = f"{name}.{part_name}".lstrip(".")
        if type(part).forward is torch.nn.Module.forward:  # a `ModuleList` has no forward
            yield from callable_parts(part, full_name)
        else:
            yield full_name


@contextmanager
def outermost_calls(model: Any) -> Iterator[list[str]]:
    """Collects the names of the outermost modules of `model` that are called."""
    import torch

    names = {id(module): name for name, module in model.named_modules()}
    depth, calls = [0], []

    def enter(module: Any, _args: Any) -> None:
        if (name := names.get(id(module))) is None:  # of another model, in another thread
            return
        if depth[0] == 0 and name not in calls:
            calls.append(name)
        depth[0] += 1

    def leave(module: Any, _args: Any, _output: Any) -> None:
        depth[0] -= id(module) in names

    hooks = torch.nn.modules.module
    handles = [
        hooks.register_module_forward_pre_hook(enter),
        hooks.register_module_forward_hook(leave),
    ]
    try:
        yield calls
    finally:
        for handle in handles:
            handle.remove()
