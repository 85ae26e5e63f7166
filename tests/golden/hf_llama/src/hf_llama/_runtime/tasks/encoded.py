# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""The encoded call of a model that a task passes to a platform."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

LOSS_ONLY = ("labels",)
"""Inputs that are used only for a loss."""


@dataclass(frozen=True)
class Columns:
    """Inputs that determine independent columns of the output: labels, choices."""

    inputs: tuple[str, ...]
    axis: int
    """Their column axis: 0, or 1 if axis 0 is that of the call's inputs."""
    outputs: Mapping[str, int | None]
    """The outputs that `decode` reads and their column axis; None if columns do not change them.

    Others of portions are dropped.
    """


@dataclass(frozen=True)
class Encoded:
    """One call of the model, and the context that `decode` needs."""

    inputs: Mapping[str, Any]
    """The model's named inputs, batched (numpy arrays or torch tensors)."""
    generate_kwargs: Mapping[str, Any] = field(default_factory=dict)
    """Options of `generate` or another method; unused by `forward`."""
    context: Any = None
    """Data that `decode` needs besides the outputs."""
    seed: int | None = None
    """Seed of the model's random numbers; None for no seed."""
    whole: bool = False
    """Whether the rows must run in one forward pass."""
    columns: Columns | None = None
    """The inputs that may be split into portions; None if none may."""
    place: Callable[[Any, Any], None] | None = None
    """Moves non-array inputs; called with the model's device and dtype before each run."""

    def __post_init__(self) -> None:
        """Drop inputs that are used only for a loss; some processors add them."""
        inputs = {name: value for name, value in self.inputs.items() if name not in LOSS_ONLY}
        object.__setattr__(self, "inputs", inputs)


def pads(processor: Any) -> bool:
    """Whether rows of different length can share a batch, because padding is masked."""
    tokenizer = getattr(processor, "tokenizer", processor)
    if not hasattr(tokenizer, "pad_token_id"):
        return True
    return tokenizer.pad_token_id is not None and "attention_mask" in tokenizer.model_input_names


def lacks_tokens(inputs: Mapping[str, Any]) -> bool:
    """Whether a text has no tokens, so that the model would read nothing or only padding."""
    tokens, mask = inputs.get("input_ids"), inputs.get("attention_mask")
    if tokens is None or getattr(tokens, "ndim", 0) != 2:
        return False
    return not tokens.shape[1] or (mask is not None and not all(row.any() for row in mask))
