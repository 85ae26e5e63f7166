"""A mixture of experts in which every expert sees every token, for graphs of fixed shapes.

The number of tokens per expert is only known at run time; a graph with fixed shapes runs every
expert on every token and weights the outputs by the routing, zero for experts not chosen.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

NAME = "dense"


@contextmanager
def dense_experts(model: Any) -> Iterator[None]:
    """Switch the model's experts to the dense implementation, if it can be selected."""
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
        hidden = experts._apply_gate(linear(experts, repeated, "gate_up_proj"))
    else:
        hidden = experts.act_fn(linear(experts, repeated, "up_proj"))
    hidden = linear(experts, hidden, "down_proj")
    if experts.has_post_expert_norm:
        hidden = experts.post_expert_norm(hidden)
    chosen = torch.nn.functional.one_hot(top_k_index, experts.num_experts).to(hidden.dtype)
    weights = (chosen * top_k_weights[..., None].to(hidden.dtype)).sum(dim=1)
    return (hidden * weights.T[..., None]).sum(dim=0).to(hidden_states.dtype)


def linear(experts: Any, inputs: Any, name: str) -> Any:
    """All experts' projections at once: (experts, tokens, in) to (experts, tokens, out)."""
    weight = getattr(experts, name).to(inputs.dtype)
    outputs = inputs @ (weight if experts.is_transposed else weight.transpose(1, 2))
    if experts.has_bias:
        outputs = outputs + getattr(experts, f"{name}_bias").to(inputs.dtype)[:, None]
    return outputs
