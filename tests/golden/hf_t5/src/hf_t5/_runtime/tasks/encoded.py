# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""What a task hands to a platform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LOSS_ONLY = ("labels",)
"""Inputs that serve a loss alone."""


@dataclass(frozen=True)
class Encoded:
    """What a task hands to a platform, and what it wants back for decoding."""

    inputs: Mapping[str, Any]
    """The model's named inputs, batched (numpy arrays or torch tensors)."""
    generate_kwargs: Mapping[str, Any] = field(default_factory=dict)
    """Options of `generate` or another method; unused where the model is run forward."""
    context: Any = None
    """Whatever `decode` needs besides the outputs."""
    seed: int | None = None
    """Seed of the random numbers that the model draws; None does not seed."""
    whole: bool = False
    """Whether the rows belong together, so that they must run at once."""

    def __post_init__(self) -> None:
        """Leave out what serves a loss alone; some processors give it unasked."""
        asked = {name: value for name, value in self.inputs.items() if name not in LOSS_ONLY}
        object.__setattr__(self, "inputs", asked)


def pads(processor: Any) -> bool:
    """Whether rows of different length can share a batch: whether padding is masked out."""
    tokenizer = getattr(processor, "tokenizer", processor)
    if not hasattr(tokenizer, "pad_token_id"):
        return True
    return tokenizer.pad_token_id is not None and "attention_mask" in tokenizer.model_input_names
