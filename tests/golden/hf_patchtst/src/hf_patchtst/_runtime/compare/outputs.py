# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Model outputs before decoding: the numeric arrays that are compared between platforms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..serving.endpoint import EndpointHandler
    from ..tasks.encoded import Encoded

STEP = "step "
"""Prefix of the names of the scores of one generation step."""
Outputs = dict[str, Any]
"""Named numpy arrays of numbers."""


def encode(handler: EndpointHandler, items: list[Any]) -> list[Encoded]:
    """The encoded inputs, one `Encoded` for each call of the model."""
    encoded = handler.encode(items, **handler.spec.sample_params)
    return encoded if isinstance(encoded, list) else [encoded]


def forward_outputs(handler: EndpointHandler, part: Encoded) -> Outputs:
    """The numeric outputs of one call by their path (`hidden_states.0`), floats as float32."""
    return dict(numbers(handler.platform.run(handler.endpoint, handler.spec, part)))


def step_scores(
    handler: EndpointHandler, part: Encoded, chosen: Sequence[Any] | None = None
) -> tuple[Outputs, list[Any]] | None:
    """The scores that each generated token is chosen from, and the chosen tokens.

    Args:
        chosen: tokens (rows,) to continue with in each step; None: the highest-scoring ones.

    Returns:
        Scores (rows, vocabulary size), float32, by step, and tokens (rows,) of each step; None if
        the model does not choose tokens one by one.
    """
    row_scores = handler.platform.scores(handler.endpoint, handler.spec, part, chosen)
    if row_scores is None:
        return None
    scores, tokens = row_scores
    return {f"{STEP}{i}": array for i, array in enumerate(scores)}, tokens


def numbers(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """The numeric arrays of nested outputs with their path; booleans as 0 and 1."""
    import numpy as np

    if isinstance(value, Mapping):
        for key in value:
            yield from numbers(value[key], f"{name}.{key}" if name else str(key))
    elif isinstance(value, (tuple, list)):
        for i, item in enumerate(value):
            yield from numbers(item, f"{name}.{i}")
    elif hasattr(value, "dtype"):
        if str(getattr(value, "dtype", "")) == "torch.bfloat16":  # numpy has none
            value = value.float()
        array = np.asarray(value)
        yield name, array.astype(np.int64) if array.dtype.kind == "b" else array
