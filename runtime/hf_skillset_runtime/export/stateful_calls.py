"""Calls of a decoder that continue a cache: what they are made of, and samples to export from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .calls import CACHES, cache_of
from .state_cache import is_inside

RANKS = {"input_ids": 2, "inputs_embeds": 3, "attention_mask": 2, "position_ids": 2}
"""The tensors that a graph with states takes, by their rank: (batch, tokens), and width."""


@dataclass(frozen=True)
class StepCall:
    """One call of a decoder with a cache, of tensors in `RANKS` and constants only."""

    named: Mapping[str, Any]
    """The original arguments."""
    cache_name: str
    tensors: Mapping[str, Any]
    constants: tuple[tuple[str, Any], ...]

    @classmethod
    def of(cls, named: Mapping[str, Any]) -> StepCall | None:
        """Describe a call; None if it has other arguments, or its cache is of another kind."""
        import torch

        cache_name, tensors, constants = "", {}, []
        for name, value in named.items():
            if name in CACHES and value is not None:
                cache_name = name
            elif isinstance(value, torch.Tensor):
                if value.dim() != RANKS.get(name):
                    return None
                tensors[name] = value
            elif isinstance(value, (bool, int, float, str)):
                constants.append((name, value))
            elif value is not None:
                return None
        call = cls(named, cache_name, tensors, tuple(sorted(constants)))
        return call if call.is_possible() else None

    def is_possible(self) -> bool:
        """Whether a graph with states can run the call: one row of each tensor per sequence."""
        if not self.cache_name or ("use_cache", False) in self.constants:
            return False
        if ("input_ids" in self.tensors) == ("inputs_embeds" in self.tensors):
            return False
        mask = self.tensors.get("attention_mask")
        return all(len(tensor) == self.batch for tensor in self.tensors.values()) and (
            mask is None or mask.shape[1] == self.tokens
        )

    @property
    def cache(self) -> Any:
        """The cache that it continues."""
        return self.named[self.cache_name]

    @property
    def main(self) -> Any:
        """The tokens, or their embeddings."""
        ids = self.tensors.get("input_ids")
        return self.tensors["inputs_embeds"] if ids is None else ids

    @property
    def batch(self) -> int:
        """The number of sequences."""
        return len(self.main)

    @property
    def tokens(self) -> int:
        """The number of tokens of a sequence, including those in the cache."""
        return int(self.cache.get_seq_length()) + int(self.main.shape[1])

    @property
    def signature(self) -> tuple[Any, ...]:
        """The names and dtypes of the tensors, and the constants."""
        kinds = tuple((name, str(tensor.dtype)) for name, tensor in self.tensors.items())
        return (self.cache_name, kinds, self.constants)

    @property
    def kind(self) -> str:
        """What tracers decide by: an empty cache, and dimensions of one."""
        single = [int(size == 1) for size in self.main.shape[:2]]
        return f"{'step' if self.cache.get_seq_length() else 'start'}{single}"

    def sample(self, batch: int, tokens: int, cache: Any) -> StepCall:
        """A call like this one with `tokens` new tokens (batch, tokens) after those of `cache`.

        One entry of the mask is 0, in a column after the first, so that every token sees one.
        """
        import torch

        past = cache.get_seq_length()
        mask = torch.ones(batch, past + tokens, dtype=torch.long)
        mask[0, 1:2] = 0
        positions = (mask.cumsum(-1) - 1) * mask
        made = {"attention_mask": mask, "position_ids": positions[:, past:]}
        main = next(name for name in ("input_ids", "inputs_embeds") if name in self.tensors)
        made[main] = tiled(self.main, batch, past + tokens)[:, past:]
        tensors = {
            name: made[name].to(tensor.dtype).contiguous() for name, tensor in self.tensors.items()
        }
        named = {**self.named, **tensors, self.cache_name: cache}
        return StepCall(named, self.cache_name, tensors, self.constants)


def tiled(tensor: Any, batch: int, tokens: int) -> Any:
    """A tensor (rows, columns, ...) repeated to (batch, tokens, ...)."""
    rows, columns = (-(-size // have) for size, have in zip((batch, tokens), tensor.shape))
    repeats = (rows, columns, *(1,) * (tensor.dim() - 2))
    return tensor.repeat(repeats)[:batch, :tokens]


def can_be_inside(cache: Any) -> bool:
    """Whether a cache can be continued as states: it is inside, empty, or keeps every token."""
    from transformers.cache_utils import DynamicCache, DynamicLayer, DynamicSlidingWindowLayer

    if is_inside(cache):
        return cache.states is not None or can_be_inside(cache.ordinary())
    if type(cache) is not DynamicCache or cache.offloading:
        return False
    growing = (
        {DynamicLayer} if cache.get_seq_length() else {DynamicLayer, DynamicSlidingWindowLayer}
    )
    return all(
        type(layer) in growing and not getattr(layer, "record_past", False)
        for layer in cache.layers
    )


def cache_in(outputs: Any) -> tuple[str, Any]:
    """The name and the value of the cache in a model's outputs.

    Raises:
        ValueError: they are no `ModelOutput` of tensors and a cache.
    """
    import torch

    if not isinstance(outputs, Mapping):
        raise ValueError("its outputs have no names")
    cache = cache_of(outputs)
    others = [name for name, value in outputs.items() if value is not cache]
    nested = [name for name in others if not isinstance(outputs[name], torch.Tensor)]
    if cache is None or nested:
        raise ValueError(
            f"its outputs have {'parts: ' + ', '.join(nested) if nested else 'no cache'}"
        )
    return next(name for name, value in outputs.items() if value is cache), cache
