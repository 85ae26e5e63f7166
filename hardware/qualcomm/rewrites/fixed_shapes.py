"""Traces operations that HTP lacks as supported ones with the same result and fixed shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

EPSILON = 2e-8


@contextmanager
def fixed_shapes() -> Iterator[None]:
    """Trace `einsum`, `unfold` and the selection of rows by a mask as supported operators."""
    import torch
    from torch.overrides import TorchFunctionMode

    replacements: dict[Any, Callable[..., Any]] = {
        torch.functional.einsum: einsum,
        torch.nn.functional.unfold: unfold,
        torch.Tensor.__getitem__: rows_of_mask,
        torch.Tensor.add: add_epsilon,
    }

    class Replacing(TorchFunctionMode):  # type: ignore[misc]  # torch is untyped here
        def __torch_function__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            replacement = replacements.get(func)
            result = replacement(*args, **(kwargs or {})) if replacement else NotImplemented
            return func(*args, **(kwargs or {})) if result is NotImplemented else result

    with Replacing():
        yield


def einsum(equation: str, *operands: Any) -> Any:
    """Torch's own decomposition into matrix products; HTP supports few equations of ONNX Einsum."""
    import torch

    if len(operands) == 1 and not isinstance(operands[0], torch.Tensor):
        operands = tuple(operands[0])
    return torch.ops.aten.einsum.default.decompose(equation, list(operands))


def unfold(
    inputs: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Any:
    """Patches as slices; ONNX would gather them with six axes, one more than HTP supports."""
    import torch
    from torch.nn.modules.utils import _pair as pair

    kernel, steps, strides, pads = pair(kernel_size), pair(dilation), pair(stride), pair(padding)
    image = torch.nn.functional.pad(inputs, (pads[1], pads[1], pads[0], pads[0]))
    counts = [
        (size - step * (width - 1) - 1) // stride + 1
        for size, width, step, stride in zip(image.shape[2:], kernel, steps, strides)
    ]
    ends = [(count - 1) * stride + 1 for count, stride in zip(counts, strides)]
    slices = [
        image[:, :, y : y + ends[0] : strides[0], x : x + ends[1] : strides[1]]
        for y in range(0, kernel[0] * steps[0], steps[0])
        for x in range(0, kernel[1] * steps[1], steps[1])
    ]
    patches = torch.stack([part.flatten(2) for part in slices], dim=2)
    return patches.flatten(1, 2)


def add_epsilon(inputs: Any, other: Any) -> Any:
    """Addition of at least `EPSILON`; onnxscript removes an addition of 1e-8 as if it were zero."""
    return inputs + EPSILON if isinstance(other, float) and 0 < other < EPSILON else NotImplemented


def rows_of_mask(inputs: Any, index: Any) -> Any:
    """`inputs[mask]` with as many rows as the mask has entries: the selected rows come first.

    The number of selected rows is only known at run time. Operators that read the rows in order,
    such as `masked_scatter`, never reach the rest; it repeats the last selected row, for models
    that read the last row. Single elements are not changed: models only count them, to check
    their inputs.
    """
    import torch

    mask, *others = index if isinstance(index, tuple) else (index,)
    if not isinstance(mask, torch.Tensor) or mask.dtype != torch.bool:
        return NotImplemented
    if not 0 < mask.ndim < inputs.ndim or any(other != slice(None) for other in others):
        return NotImplemented
    rows = inputs.flatten(0, mask.ndim - 1)
    before = mask.flatten().to(torch.int32).cumsum(0)
    positions = torch.arange(rows.shape[0], dtype=before.dtype, device=before.device)
    positions = torch.minimum(positions, before[-1:] - 1)
    position = (before[None, :] <= positions[:, None]).to(torch.int32).sum(dim=1)
    return rows[position.clamp(max=rows.shape[0] - 1)]
