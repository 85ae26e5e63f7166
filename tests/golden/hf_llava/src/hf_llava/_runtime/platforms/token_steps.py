# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Records the scores of each generation step of a transformers model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..calls.seeded import drawn_from
from ..tasks.encoded import Encoded
from ..tasks.spec import TaskSpec
from .torch_calls import inputs_for, options_of

GREEDILY = {"do_sample": False, "num_beams": 1}


class Chooser:
    """A logits processor that records the scores of each step and forces one token."""

    def __init__(self, chosen: Sequence[Any] | None) -> None:
        self.chosen = chosen
        self.scores: list[Any] = []
        self.tokens: list[Any] = []

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """Record the scores (rows, vocabulary size), and mask all tokens of each row but one."""
        import torch

        step = len(self.scores)
        self.scores.append(scores.float().cpu().numpy().copy())
        best = scores.argmax(-1)
        if self.chosen is not None and step < len(self.chosen):
            tokens = torch.as_tensor(self.chosen[step], device=scores.device)
            best = tokens if tokens.shape == best.shape else best
        self.tokens.append(best.cpu().numpy().copy())
        forced = torch.full_like(scores, float("-inf"))
        return forced.scatter(-1, best[..., None], 0.0)


def token_scores(
    model: Any, spec: TaskSpec, encoded: Encoded, chosen: Sequence[Any] | None
) -> tuple[list[Any], list[Any]] | None:
    """The scores of each step of `generate`, and the chosen tokens.

    Args:
        chosen: tokens (rows,) to continue with instead of the highest-scoring ones, by step.

    Returns:
        Scores (rows, vocabulary size), float32, and tokens (rows,), by step; None if the model's
        `generate` does not accept or does not use logits processors.
    """
    import torch
    from transformers import GenerationMixin, LogitsProcessorList

    if spec.run != "generate" or not isinstance(model, GenerationMixin):
        return None
    chooser = Chooser(chosen)
    inputs = inputs_for(model, encoded)
    options = {**options_of(model, spec, encoded), **GREEDILY}
    processors = LogitsProcessorList([chooser])
    try:
        with torch.no_grad(), drawn_from(encoded.seed):
            model.generate(**inputs, **options, logits_processor=processors)
    except TypeError as error:  # its parts get processors of their own
        if "'logits_processor'" not in str(error):
            raise
        return None
    return (chooser.scores, chooser.tokens) if chooser.scores else None
