"""What a transformers model chooses each generated token from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..calls.seeded import drawn_from
from ..tasks.encoded import Encoded
from ..tasks.spec import TaskSpec
from .torch_calls import options_of, to_device

GREEDILY = {"do_sample": False, "num_beams": 1}


class Chooser:
    """A logits processor that notes the scores of each step and decides for one token."""

    def __init__(self, chosen: Sequence[Any] | None) -> None:
        self.chosen = chosen
        self.scores: list[Any] = []
        self.tokens: list[Any] = []

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """Leave one token of each row to choose; scores are (rows, tokens)."""
        import torch

        step = len(self.scores)
        self.scores.append(scores.float().cpu().numpy().copy())
        best = scores.argmax(-1)
        if self.chosen is not None and step < len(self.chosen):
            wanted = torch.as_tensor(self.chosen[step], device=scores.device)
            best = wanted if wanted.shape == best.shape else best
        self.tokens.append(best.cpu().numpy().copy())
        forced = torch.full_like(scores, float("-inf"))
        return forced.scatter(-1, best[..., None], 0.0)


def token_scores(
    model: Any, spec: TaskSpec, encoded: Encoded, chosen: Sequence[Any] | None
) -> tuple[list[Any], list[Any]] | None:
    """The scores (rows, tokens) of each step of `generate`, and the tokens (rows,) it went on with.

    Args:
        chosen: tokens to go on with in place of those with the highest scores, by step.

    Returns:
        None where the model has a `generate` of its own that takes no logits processor.
    """
    import torch
    from transformers import GenerationMixin, LogitsProcessorList

    if spec.run != "generate" or not isinstance(model, GenerationMixin):
        return None
    chooser = Chooser(chosen)
    inputs = {
        name: to_device(value, model.device, model.dtype, torch)
        for name, value in encoded.inputs.items()
    }
    options = {**options_of(model, spec, encoded), **GREEDILY}
    with torch.no_grad(), drawn_from(encoded.seed):
        model.generate(**inputs, **options, logits_processor=LogitsProcessorList([chooser]))
    return (chooser.scores, chooser.tokens) if chooser.scores else None
