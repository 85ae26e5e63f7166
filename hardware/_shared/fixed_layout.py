"""Makes what a call says of its pictures' layout a part of the graph.

How many patches a picture has, and where its tokens stand, decides how a model cuts and
joins its tensors. A graph of fixed shapes is for one layout, so these inputs are constants.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

LARGEST_CONSTANT = 1 << 16
"""Elements of a tensor whose values the tracer keeps in mind; its own limit is one."""
ROPE_INDEX = "get_rope_index"


@contextmanager
def fixed_layout(
    model: Any, inputs: Mapping[str, Any], layout: Mapping[str, Any]
) -> Iterator[None]:
    """Let the model know `layout` by itself while a call with the other inputs is traced."""
    import torch
    from transformers.exporters.utils import patch_attribute

    if not layout:
        yield
        return
    positions = token_positions(model, {**inputs, **layout})
    tracers = (torch._subclasses.fake_tensor, torch.fx.experimental.proxy_tensor)
    with ExitStack() as stack:
        for tracer in tracers:
            patch = patch_attribute(tracer, "CONSTANT_NUMEL_LIMIT", lambda _own: LARGEST_CONSTANT)
            stack.enter_context(patch)
        for module, found in positions.items():
            answer = functools.partial(known_positions, found)
            stack.enter_context(patch_attribute(module, ROPE_INDEX, lambda _own, a=answer: a))
        stack.enter_context(patch_attribute(model, "forward", lambda own: adding(own, layout)))
        yield


def adding(forward: Any, layout: Mapping[str, Any]) -> Any:
    """`forward` with `layout` among its arguments."""

    @functools.wraps(forward)
    def with_layout(*args: Any, **kwargs: Any) -> Any:
        return forward(*args, **kwargs, **{name: literal(value) for name, value in layout.items()})

    return with_layout


def token_positions(model: Any, inputs: Mapping[str, Any]) -> dict[Any, tuple[Any, ...]]:
    """What each module that places tokens in pictures answers; padding is taken for text."""
    import torch
    from transformers.exporters.utils import patch_attribute

    found: dict[Any, tuple[Any, ...]] = {}

    def noting(module: Any, compute: Any) -> Any:
        signature = inspect.signature(compute)

        @functools.wraps(compute)
        def note(*args: Any, **kwargs: Any) -> Any:
            call = signature.bind(*args, **kwargs)
            call.arguments["attention_mask"] = None
            found[module] = compute(*call.args, **call.kwargs)
            return found[module]

        return note

    with ExitStack() as stack, torch.no_grad():
        for module in model.modules():
            if hasattr(module, ROPE_INDEX):
                patch = patch_attribute(module, ROPE_INDEX, functools.partial(noting, module))
                stack.enter_context(patch)
        model(**inputs)
    return found


def known_positions(found: tuple[Any, ...], *_args: Any, **_kwargs: Any) -> tuple[Any, ...]:
    """What was found before, whatever is asked."""
    return tuple(literal(value) for value in found)


def literal(value: Any) -> Any:
    """A tensor with the same values that the tracer sees being made, so that it knows them."""
    import torch

    return torch.tensor(value.tolist(), dtype=value.dtype)
