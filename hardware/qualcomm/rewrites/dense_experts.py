"""A mixture of experts in which every expert sees every token, for graphs of fixed shapes.

How many tokens an expert gets is known only when the graph runs; a graph whose shapes are
fixed computes them all and weighs them by the routing, zero for those not chosen.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

NAME = "dense"


@contextmanager
def dense_experts(model: Any) -> Iterator[None]:
    """Let the model's experts compute densely, where it has experts that can be told so."""
    from transformers.integrations.moe import ALL_EXPERTS_FUNCTIONS

    if not model._can_set_experts_implementation():
        yield
        return
    ALL_EXPERTS_FUNCTIONS.register(NAME, forward)
    before = model.get_experts_implementation()
    model.set_experts_implementation(NAME)
    try:
        yield
    finally:
        model.set_experts_implementation(before)


def forward(experts: Any, hidden_states: Any, top_k_index: Any, top_k_weights: Any) -> Any:
    """The weighted sum of all experts; hidden states (tokens, width), routing (tokens, top k)."""
    import torch

    repeated = hidden_states.expand(experts.num_experts, *hidden_states.shape)
    if experts.has_gate:
        found = experts._apply_gate(linear(experts, repeated, "gate_up_proj"))
    else:
        found = experts.act_fn(linear(experts, repeated, "up_proj"))
    found = linear(experts, found, "down_proj")
    if experts.has_post_expert_norm:
        found = experts.post_expert_norm(found)
    chosen = torch.nn.functional.one_hot(top_k_index, experts.num_experts).to(found.dtype)
    weights = (chosen * top_k_weights[..., None].to(found.dtype)).sum(dim=1)
    return (found * weights.T[..., None]).sum(dim=0).to(hidden_states.dtype)


def linear(experts: Any, inputs: Any, name: str) -> Any:
    """All experts' projections at once: (experts, tokens, in) to (experts, tokens, out)."""
    weight = getattr(experts, name).to(inputs.dtype)
    outputs = inputs @ (weight if experts.is_transposed else weight.transpose(1, 2))
    if experts.has_bias:
        outputs = outputs + getattr(experts, f"{name}_bias").to(inputs.dtype)[:, None]
    return outputs
