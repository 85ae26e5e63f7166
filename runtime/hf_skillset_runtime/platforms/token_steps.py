"""What a transformers model chooses each generated token from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..seeded import drawn_from

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
    model: Any,
    inputs: Mapping[str, Any],
    options: Mapping[str, Any],
    seed: int | None,
    chosen: Sequence[Any] | None,
) -> tuple[list[Any], list[Any]] | None:
    """The scores (rows, tokens) of each step of `generate`, and the tokens (rows,) it went on with.

    Args:
        inputs: the model's named tensors.
        options: of `generate`; it searches greedily whatever they say.
        chosen: tokens to go on with in place of those with the highest scores, by step.

    Returns:
        None where the model has a `generate` of its own that takes no logits processor.
    """
    import torch
    from transformers import GenerationMixin, LogitsProcessorList

    if not isinstance(model, GenerationMixin):
        return None
    chooser = Chooser(chosen)
    given = {**inputs, **options, **GREEDILY}
    with torch.no_grad(), drawn_from(seed):
        model.generate(**given, logits_processor=LogitsProcessorList([chooser]))
    return (chooser.scores, chooser.tokens) if chooser.scores else None
