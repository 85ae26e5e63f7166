"""Graphs that keep the cache of a generation inside their runtime."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class States(ABC):
    """The cache of one generation inside a runtime; used by one call at a time."""

    @abstractmethod
    def step(self, inputs: Mapping[str, Any], rows: Any) -> dict[str, Any]:
        """Run the graph, which appends to the states.

        Args:
            inputs: tensors by name, without those of the cache.
            rows: int32 array (batch,): the row of the states that each row continues from.

        Returns:
            Tensors by output name, without those of the cache.
        """

    @abstractmethod
    def clear(self) -> None:
        """Forget the sequence, so that the next step begins one."""

    @abstractmethod
    def read(self) -> list[Any]:
        """The tensors (batch, heads, tokens, width), keys and values of each layer in turn."""

    @abstractmethod
    def write(self, tensors: Sequence[Any]) -> None:
        """Replace the tensors, in the order of `read`."""


class StatefulGraph(ABC):
    """One compiled graph with states."""

    @abstractmethod
    def states(self) -> States:
        """Empty states, exclusively for the caller until nothing refers to them."""


@dataclass(frozen=True)
class StatefulProgram:
    """What a graph with states is exported from."""

    module: Any
    inputs: Mapping[str, Any]
    """The named arguments of a call that continues from a filled cache."""
    cache: str
    """The name of the cache among them."""
    states: Sequence[str]
    """Paths of the cache's tensors in `inputs`, keys and values of each layer in turn."""
    dynamic_shapes: Any
    folder: Path
    """Where to store it."""
