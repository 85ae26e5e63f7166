"""Makes integers that modules store as tensors constants for a tracer.

Some convolutions store stride and padding in buffers and branch on them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch


@contextmanager
def known_numbers(model: Any) -> Iterator[None]:
    """While tracing, make each buffer with a single integer a constant."""
    numbers = {
        (module, name): (buffer.item(), buffer.dtype)
        for module in model.modules()
        for name, buffer in module.named_buffers(recurse=False)
        if buffer.ndim == 0 and not buffer.is_floating_point()
    }
    with ExitStack() as stack:
        for owner, name in {(type(module), name) for module, name in numbers}:
            stack.enter_context(patch.object(owner, name, constant(numbers, name), create=True))
        yield


def constant(numbers: dict[tuple[Any, str], tuple[int, Any]], name: str) -> property:
    """A property that creates the tensor on each access, so that the tracer sees its value."""
    import torch

    def read(module: Any) -> Any:
        number, dtype = numbers[module, name]
        return torch.tensor(number, dtype=dtype)

    return property(read)
