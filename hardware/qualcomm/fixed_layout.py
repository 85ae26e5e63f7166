"""Makes the inputs that describe the layout of images constants of the graph.

The number of patches of an image and the positions of its tokens determine the shapes inside a
model. A graph with fixed shapes is for one layout, so these inputs are constants.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

LARGEST_CONSTANT = 1 << 16
"""Largest number of elements of a tensor whose values the tracer tracks; its default is one."""
PLACES = ("get_rope_index", "get_placeholder_mask")
"""Methods whose results depend only on the layout: positions and types of tokens."""
TOKEN_KINDS = "mm_token_type_ids"
"""The input with the type of each token."""


@contextmanager
def fixed_layout(
    model: Any, inputs: Mapping[str, Any], layout: Mapping[str, Any]
) -> Iterator[None]:
    """Pass `layout` to the model as constants while a call with the other inputs is traced."""
    import torch
    from transformers.exporters.utils import patch_attribute

    if not layout:
        yield
        return
    recorded = places(model, {**inputs, **layout}) if TOKEN_KINDS in layout else {}
    tracers = (torch._subclasses.fake_tensor, torch.fx.experimental.proxy_tensor)
    with ExitStack() as stack:
        for tracer in tracers:
            patch = patch_attribute(tracer, "CONSTANT_NUMEL_LIMIT", lambda _own: LARGEST_CONSTANT)
            stack.enter_context(patch)
        for (module, name), positions in recorded.items():
            answer = functools.partial(same_places, positions)
            stack.enter_context(patch_attribute(module, name, lambda _own, a=answer: a))
        stack.enter_context(patch_attribute(model, "forward", lambda own: adding(own, layout)))
        yield


def adding(forward: Any, layout: Mapping[str, Any]) -> Any:
    """`forward` with `layout` among its arguments."""

    @functools.wraps(forward)
    def with_layout(*args: Any, **kwargs: Any) -> Any:
        return forward(*args, **kwargs, **{name: literal(value) for name, value in layout.items()})

    return with_layout


def places(model: Any, inputs: Mapping[str, Any]) -> dict[tuple[Any, str], Any]:
    """The results of each method of `PLACES`; padding counts as text."""
    import torch
    from transformers.exporters.utils import patch_attribute

    recorded: dict[tuple[Any, str], Any] = {}

    def noting(module: Any, name: str, compute: Any) -> Any:
        signature = inspect.signature(compute)

        @functools.wraps(compute)
        def note(*args: Any, **kwargs: Any) -> Any:
            call = signature.bind(*args, **kwargs)
            if "attention_mask" in signature.parameters:
                call.arguments["attention_mask"] = None
            recorded[module, name] = compute(*call.args, **call.kwargs)
            return recorded[module, name]

        return note

    with ExitStack() as stack, torch.no_grad():
        for module in model.modules():
            for name in PLACES:
                if hasattr(module, name):
                    note = functools.partial(noting, module, name)
                    stack.enter_context(patch_attribute(module, name, note))
        model(**inputs)
    return recorded


def same_places(positions: Any, *_args: Any, **_kwargs: Any) -> Any:
    """The recorded result, independent of the arguments."""
    if isinstance(positions, tuple):
        return tuple(literal(value) for value in positions)
    return literal(positions)


def literal(value: Any) -> Any:
    """A new tensor with the same values, created under the tracer so that it knows them."""
    import torch

    return torch.tensor(value.tolist(), dtype=value.dtype)
