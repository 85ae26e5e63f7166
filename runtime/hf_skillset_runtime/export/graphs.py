"""What an exported graph is, how open its shapes are, and what makes and keeps graphs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any


class Openness(Enum):
    """Which dimensions of its inputs a graph leaves open; the value ends the graph's name."""

    FIXED = ""
    PICTURES_FIXED = "-pictures-fixed"
    """Pictures are open in their batch alone: windows and pyramids over open sides take minutes."""
    DYNAMIC = "-dynamic"


ORDER = tuple(Openness)
"""Graphs for fewer shapes come first: they are faster."""


class Graph(ABC):
    """One exported and compiled graph."""

    @abstractmethod
    def accepts(self, shapes: Mapping[str, tuple[int, ...]]) -> bool:
        """Whether tensors of these shapes can go in."""

    @abstractmethod
    def __call__(self, inputs: Mapping[str, Any]) -> Any:
        """What the module returns for its named arguments."""


class GraphMaker(ABC):
    """Exports, keeps and loads the graphs of one runtime."""

    @abstractmethod
    def make(
        self, module: Any, inputs: Mapping[str, Any], path: Path, dynamic_shapes: Any
    ) -> Graph:
        """Export `module` as called with `inputs`; keep it under `path` (without a suffix).

        `dynamic_shapes` is what `torch.export` takes: which dimensions are open; None for none.
        """

    @abstractmethod
    def load(self, path: Path) -> Graph:
        """Load what `make` kept under `path`."""


@dataclass(frozen=True)
class KnownGraph:
    """A graph and the call that it was exported for."""

    graph: Graph
    openness: Openness
    traced: Mapping[str, list[int]]
    """The shapes of the tensors it was exported with."""

    def fits(self, shapes: Mapping[str, tuple[int, ...]]) -> bool:
        """Whether tensors of these shapes can go in.

        An export takes a dimension of 0 or 1 for a constant, however open the graph looks.
        """
        if self.openness is Openness.FIXED:
            return all(list(shape) == self.traced[name] for name, shape in shapes.items())
        pairs = ((self.traced[name], shape) for name, shape in shapes.items())
        constant = all(
            size == was for traced, shape in pairs for was, size in zip(traced, shape) if was < 2
        )
        return constant and self.graph.accepts(shapes)


class ExportError(RuntimeError):
    """No graph could be exported and run for a module. Says which module and why."""

    stage = "export"

    def __init__(self, name: str, kind: str, errors: list[Exception]) -> None:
        causes = dict.fromkeys(f"{type(cause).__name__}: {cause}" for cause in map(root_of, errors))
        super().__init__(f"{name or 'the model'} ({kind}): {'; then '.join(causes)}")


def root_of(error: BaseException) -> BaseException:
    """The error that an error was raised from, at the very beginning."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error
