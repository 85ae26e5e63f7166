"""Operations that HTP refuses, traced as others with the same result and fixed shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

EPSILON = 2e-8


@contextmanager
def fixed_shapes() -> Iterator[None]:
    """Trace `einsum`, `unfold` and the selection of rows by a mask as what HTP takes."""
    import torch
    from torch.overrides import TorchFunctionMode

    replacements: dict[Any, Callable[..., Any]] = {
        torch.functional.einsum: einsum,
        torch.nn.functional.unfold: unfold,
        torch.Tensor.__getitem__: rows_of_mask,
        torch.Tensor.add: add_epsilon,
    }

    class Replacing(TorchFunctionMode):  # type: ignore[misc]  # torch's types are not read
        def __torch_function__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            replacement = replacements.get(func)
            found = replacement(*args, **(kwargs or {})) if replacement else NotImplemented
            return func(*args, **(kwargs or {})) if found is NotImplemented else found

    with Replacing():
        yield


def einsum(equation: str, *operands: Any) -> Any:
    """Torch's own decomposition into products of matrices; HTP has few of ONNX's equations."""
    import torch

    if len(operands) == 1 and not isinstance(operands[0], torch.Tensor):
        operands = tuple(operands[0])
    return torch.ops.aten.einsum.default.decompose(equation, list(operands))


def unfold(
    inputs: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Any:
    """Patches as slices; ONNX gathers them with six axes, one more than HTP has."""
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
    """A sum with more than `EPSILON`; onnxscript leaves out the addition of 1e-8, as of zero."""
    return inputs + EPSILON if isinstance(other, float) and 0 < other < EPSILON else NotImplemented


def rows_of_mask(inputs: Any, index: Any) -> Any:
    """`inputs[mask]` with as many rows as the mask has entries: what it keeps comes first.

    How many it keeps is known only when the graph runs. What reads the rows in order, as
    `masked_scatter` does, never sees those that follow; they repeat the last one, which is
    what a model that asks for the last row wants. Single elements stay as they are: models
    only count them, to check their inputs.
    """
    import torch

    mask, *others = index if isinstance(index, tuple) else (index,)
    if not isinstance(mask, torch.Tensor) or mask.dtype != torch.bool:
        return NotImplemented
    if not 0 < mask.ndim < inputs.ndim or any(other != slice(None) for other in others):
        return NotImplemented
    rows = inputs.flatten(0, mask.ndim - 1)
    before = mask.flatten().to(torch.int32).cumsum(0)
    wanted = torch.arange(rows.shape[0], dtype=before.dtype, device=before.device)
    wanted = torch.minimum(wanted, before[-1:] - 1)
    position = (before[None, :] <= wanted[:, None]).to(torch.int32).sum(dim=1)
    return rows[position.clamp(max=rows.shape[0] - 1)]
