"""Query and key norms that the exporters' attention omits, applied in the projection.

transformers 5.23 replaces the attention of packed images while tracing. If one projection computes
queries, keys and values together, the replacement omits the norms of queries and keys; here the
projection applies them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def normed_attention(module: Any) -> Iterator[None]:
    """Let the joint projections in a module apply the norms while it is traced."""
    from transformers.exporters import exporter_dynamo  # noqa: F401  (fills the patches)
    from transformers.exporters.utils import _PATCHES

    replaced = {owner for owner, attribute, _ in _PATCHES["dynamo"] if attribute == "forward"}
    layers = [
        part
        for part in module.modules()
        if path_of(part) in replaced
        and all(hasattr(part, name) for name in ("qkv", "q_norm", "k_norm"))
    ]
    for attention in layers:
        attention.qkv.forward = normed_projection(attention)
    try:
        yield
    finally:
        for attention in layers:
            del attention.qkv.forward


def path_of(module: Any) -> str:
    """The dotted path of a module's class."""
    return f"{type(module).__module__}.{type(module).__qualname__}"


def normed_projection(attention: Any) -> Any:
    """The projection of an attention, with normalised queries and keys while tracing."""
    import torch

    def forward(hidden_states: Any) -> Any:
        joint = type(attention.qkv).forward(attention.qkv, hidden_states)
        if not torch.compiler.is_exporting():
            return joint
        query, key, value = joint.unflatten(-1, (3, attention.num_heads, -1)).unbind(-3)
        normed = (attention.q_norm(query), attention.k_norm(key), value)
        return torch.stack(normed, dim=-3).flatten(-3)

    return forward
