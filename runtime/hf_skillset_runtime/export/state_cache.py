"""A cache of transformers whose tensors are the states of a graph.

`generate` passes it from call to call, asks for its length and reorders its rows; none of this
needs the tensors. Whatever does need them reads them into ordinary layers first, and from then on
it is an ordinary cache.
"""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

from .states import States


@cache
def state_cache() -> Any:
    """The class; transformers is imported only here."""
    import torch
    from transformers.cache_utils import DynamicCache

    class StateCache(DynamicCache):  # type: ignore[misc]
        """The cache of one generation, inside a graph's states until its layers are used."""

        def __init__(self, states: States, places: list[int], empty: Any, batch: int) -> None:
            """Describe empty states.

            Args:
                places: the indices of the layers with states, in their order.
                empty: an ordinary cache without tensors, whose layers get them if need be.
                batch: rows of the next call.
            """
            # not super().__init__(): its layers are made when they are used
            self.states: States | None = states
            self.places = places
            self.length = 0
            self.rows = torch.arange(batch, dtype=torch.int32)
            self._ordinary = empty
            self.layer_class_to_replicate = empty.layer_class_to_replicate
            self.offloading = False

        @property
        def layers(self) -> list[Any]:
            """Ordinary layers; the states are given up."""
            layers: list[Any] = self.ordinary().layers
            return layers

        def ordinary(self) -> Any:
            """The ordinary cache with the tensors of the states, which are given up."""
            if self.states is not None:
                self._ordinary, self.states = self._with_tensors(), None
            return self._ordinary

        def become(self, ordinary: Any) -> None:
            """Continue from another, ordinary cache."""
            self._ordinary, self.states = ordinary, None

        def _with_tensors(self) -> Any:
            """An ordinary cache with copies of the states' tensors, in the order of the rows."""
            ordinary = copy.deepcopy(self._ordinary)
            if self.states is None or not self.length:
                return ordinary
            tensors = [tensor[self.rows.long()] for tensor in self.states.read()]
            for place, keys, values in zip(self.places, tensors[::2], tensors[1::2]):
                ordinary.update(keys, values, place)
            return ordinary

        def __deepcopy__(self, memo: Any) -> Any:
            return self._with_tensors()

        def get_seq_length(self, layer_idx: int = 0) -> int:
            inside = self.states is not None
            return self.length if inside else super().get_seq_length(layer_idx)

        @property
        def is_compileable(self) -> bool:
            return False

        def reorder_cache(self, beam_idx: Any) -> None:
            self.batch_select_indices(beam_idx)

        def batch_select_indices(self, indices: Any) -> None:
            if self.states is None:
                super().batch_select_indices(indices)
            else:
                self.rows = self.rows[indices.cpu()]

        def batch_repeat_interleave(self, repeats: int) -> None:
            if self.states is None:
                super().batch_repeat_interleave(repeats)
            else:
                self.rows = self.rows.repeat_interleave(repeats)

        def reset(self) -> None:
            if self.states is None:
                super().reset()
            else:
                self.states.clear()
                self.length = 0

    return StateCache


def is_inside(value: Any) -> bool:
    """Whether a cache is, or was, the states of a graph."""
    return hasattr(value, "states") and isinstance(value, state_cache())


def ordinary(value: Any) -> Any:
    """A cache without states: itself, or the ordinary cache that it becomes."""
    return value.ordinary() if is_inside(value) else value
