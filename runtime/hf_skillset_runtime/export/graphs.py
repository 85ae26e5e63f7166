"""Exported graphs, their dynamic dimensions, and the interface of exporters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from .states import StatefulGraph, StatefulProgram


class Openness(Enum):
    """Which dimensions of a graph's inputs are dynamic; the value is the suffix of its folder."""

    FIXED = ""
    IMAGES_FIXED = "-images-fixed"
    """Images are dynamic only in their batch: dynamic heights and widths take minutes to export."""
    DYNAMIC = "-dynamic"


ORDER = tuple(Openness)
"""Order of graphs: those for fewer shapes first, because they are faster."""


class Graph(ABC):
    """One exported and compiled graph."""

    @abstractmethod
    def accepts(self, shapes: Mapping[str, tuple[int, ...]]) -> bool:
        """Whether the graph accepts tensors of these shapes."""

    @abstractmethod
    def __call__(self, inputs: Mapping[str, Any]) -> Any:
        """The module's outputs, torch tensors, for its named arguments."""


class GraphMaker(ABC):
    """Exports, stores and loads the graphs of one runtime."""

    stateful = False
    """Whether the runtime can keep the cache of a generation between the runs of a graph."""

    @abstractmethod
    def make(
        self, module: Any, inputs: Mapping[str, Any], folder: Path, dynamic_shapes: Any
    ) -> Graph:
        """Export `module` for `inputs` and store it in `folder`, which is empty.

        Args:
            inputs: tensors and constants by argument name.
            dynamic_shapes: that of `torch.export`; None for static shapes.
        """

    @abstractmethod
    def load(self, folder: Path) -> Graph:
        """Load the graph that `make` stored in `folder`."""

    def make_stateful(self, program: StatefulProgram) -> StatefulGraph:
        """Export and store a graph that keeps a cache, where `stateful` says so."""
        raise NotImplementedError

    def load_stateful(self, folder: Path) -> StatefulGraph:
        """Load the graph that `make_stateful` stored in `folder`."""
        raise NotImplementedError


def independent_dimensions() -> Any:
    """Context manager in which dimensions that are equal by chance are exported independently."""
    import torch

    return torch.fx.experimental._config.patch(use_duck_shape=False)


class ExportError(RuntimeError):
    """No graph could be exported and run for a module; the message has the module and causes."""

    stage = "export"

    def __init__(self, name: str, module_class: str, errors: list[Exception]) -> None:
        causes = dict.fromkeys(f"{type(cause).__name__}: {cause}" for cause in map(root_of, errors))
        super().__init__(f"{name or 'the model'} ({module_class}): {'; then '.join(causes)}")


def root_of(error: BaseException) -> BaseException:
    """The first error in a chain of causes."""
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
"""Texts in runtime errors that correspond to Python's MemoryError."""


def is_of_the_moment(error: BaseException) -> bool:
    """Whether an error is transient: caused by memory or disk, not by the model."""
    if isinstance(error, OSError):
        return error.errno is not None  # without an errno it is about missing source code
    message = str(error).lower()
    return isinstance(error, MemoryError) or any(sign in message for sign in NO_MEMORY)
