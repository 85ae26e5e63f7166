"""What an exported graph is, how open its shapes are, and what makes and keeps graphs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any


class Openness(Enum):
    """Which dimensions of its inputs a graph leaves open; the value ends the name of its folder."""

    FIXED = ""
    IMAGES_FIXED = "-images-fixed"
    """Images are open in their batch alone: windows and pyramids over open sides take minutes."""
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
        self, module: Any, inputs: Mapping[str, Any], folder: Path, dynamic_shapes: Any
    ) -> Graph:
        """Export `module` as called with `inputs`; keep it in `folder`, which is empty.

        `dynamic_shapes` is what `torch.export` takes: which dimensions are open; None for none.
        """

    @abstractmethod
    def load(self, folder: Path) -> Graph:
        """Load what `make` kept in `folder`."""


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


NO_MEMORY = (
    "bad_alloc",
    "can't allocate",
    "cannot allocate",
    "failed to allocate",
    "not enough memory",
    "out of memory",
)
"""What runtimes write into errors of their own where Python has MemoryError."""


def is_of_the_moment(error: BaseException) -> bool:
    """Whether an error is about this machine now (memory, disk), not about what was to be done."""
    if isinstance(error, OSError):
        return error.errno is not None  # without a number it is about missing source code
    said = str(error).lower()
    return isinstance(error, MemoryError) or any(sign in said for sign in NO_MEMORY)
