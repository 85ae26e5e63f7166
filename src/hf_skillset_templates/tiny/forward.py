"""Builds a model from a configuration with seeded weights and runs it once."""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass
from typing import Any

from .inputs import sample_inputs

SEED = 0


@dataclass(frozen=True)
class Forward:
    """What one forward pass showed."""

    class_name: str
    parameters: int
    seconds: float
    uninitialised: bool


def build_seeded(cls: type, config: Any) -> Any:
    """The model in evaluation mode, its weights drawn from the fixed seed."""
    import torch

    torch.manual_seed(SEED)
    return cls._from_config(copy.deepcopy(config)).eval()


def try_forward(cls: type, config: Any) -> Forward:
    """Builds and runs `cls`; raises whatever goes wrong, non-finite outputs included."""
    import torch

    model = build_seeded(cls, config)
    repaired = replace_unset_weights(model)
    inputs = sample_inputs(model)
    started = time.perf_counter()
    with torch.no_grad():
        outputs = model(**inputs)
    seconds = time.perf_counter() - started
    require_finite(outputs, cls.__name__)
    return Forward(cls.__name__, sum(p.numel() for p in model.parameters()), seconds, repaired)


def replace_unset_weights(model: Any) -> bool:
    """Draws weights anew that the class left as they lay in memory; says whether any were.

    Such weights are NaN, infinite or absurdly large; a second build would give others.
    """
    import torch

    repaired = False
    generator = torch.Generator().manual_seed(SEED)
    for parameter in model.parameters():
        data = parameter.data
        if data.is_floating_point() and not (data.isfinite().all() and data.abs().max() < 1e4 if data.numel() else True):
            data.normal_(0.0, 0.02, generator=generator)
            repaired = True
    return repaired


def require_finite(outputs: Any, name: str) -> None:
    """Raises when an output holds NaN; infinities are legal (masked scores)."""
    import torch

    leaves = torch.utils._pytree.tree_leaves(dict(outputs) if hasattr(outputs, "keys") else outputs)
    tensors = [leaf for leaf in leaves if isinstance(leaf, torch.Tensor)]
    if not tensors:
        raise ValueError(f"{name} returned no tensor")
    for tensor in tensors:
        if tensor.is_floating_point() and tensor.isnan().any():
            raise ValueError(f"{name} returned NaN")
