"""Makes what a call says of its images' layout a part of the graph.

How many patches an image has, and where its tokens stand, decides how a model cuts and
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
PLACES = ("get_rope_index", "get_placeholder_mask")
"""Methods that answer from the layout alone: where tokens stand, which are an image's."""
TOKEN_KINDS = "mm_token_type_ids"
"""The input that names the kind of each token."""


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
    known = places(model, {**inputs, **layout}) if TOKEN_KINDS in layout else {}
    tracers = (torch._subclasses.fake_tensor, torch.fx.experimental.proxy_tensor)
    with ExitStack() as stack:
        for tracer in tracers:
            patch = patch_attribute(tracer, "CONSTANT_NUMEL_LIMIT", lambda _own: LARGEST_CONSTANT)
            stack.enter_context(patch)
        for (module, name), found in known.items():
            answer = functools.partial(same_places, found)
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
    """What each method of `PLACES` answers; padding is taken for text."""
    import torch
    from transformers.exporters.utils import patch_attribute

    found: dict[tuple[Any, str], Any] = {}

    def noting(module: Any, name: str, compute: Any) -> Any:
        signature = inspect.signature(compute)

        @functools.wraps(compute)
        def note(*args: Any, **kwargs: Any) -> Any:
            call = signature.bind(*args, **kwargs)
            if "attention_mask" in signature.parameters:
                call.arguments["attention_mask"] = None
            found[module, name] = compute(*call.args, **call.kwargs)
            return found[module, name]

        return note

    with ExitStack() as stack, torch.no_grad():
        for module in model.modules():
            for name in PLACES:
                if hasattr(module, name):
                    note = functools.partial(noting, module, name)
                    stack.enter_context(patch_attribute(module, name, note))
        model(**inputs)
    return found


def same_places(found: Any, *_args: Any, **_kwargs: Any) -> Any:
    """What was found before, whatever is asked."""
    if isinstance(found, tuple):
        return tuple(literal(value) for value in found)
    return literal(found)


def literal(value: Any) -> Any:
    """A tensor with the same values that the tracer sees being made, so that it knows them."""
    import torch

    return torch.tensor(value.tolist(), dtype=value.dtype)
