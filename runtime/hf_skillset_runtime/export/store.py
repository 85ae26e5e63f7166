"""The graphs in the folder of one model: each a folder of its own, complete or absent."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from .cache import DRAFT, whole_folder
from .graphs import Graph, GraphMaker, Openness

CALL_FILE = "call.json"


@dataclass(frozen=True)
class KeptCall:
    """The call that a kept graph was exported for."""

    module: str
    signature: str
    """Which tensors there are and which constants; everything but the shapes."""
    shapes: Mapping[str, list[int]]
    openness: Openness
    filled: bool
    """Whether it goes on from a filled cache."""


@dataclass
class KnownGraph:
    """A graph and the call that it was exported for; one that is kept is loaded when it runs."""

    call: KeptCall
    folder: Path
    maker: GraphMaker
    graph: Graph | None = None

    def loaded(self) -> Graph:
        """The graph, ready to run."""
        if self.graph is None:
            self.graph = self.maker.load(self.folder)
        return self.graph

    def fits(self, shapes: Mapping[str, tuple[int, ...]]) -> bool:
        """Whether tensors of these shapes can go in.

        An export takes a dimension of 0 or 1 for a constant, however open the graph looks.
        """
        traced = self.call.shapes
        if self.call.openness is Openness.FIXED:
            return all(list(shape) == traced[name] for name, shape in shapes.items())
        constant = all(
            size == was
            for name, shape in shapes.items()
            for was, size in zip(traced[name], shape)
            if was < 2
        )
        return constant and self.loaded().accepts(shapes)


def kept_graphs(folder: Path) -> Iterator[tuple[KeptCall, Path]]:
    """The graphs that earlier starts kept, with their folders."""
    for path in sorted(folder.glob(f"*/{CALL_FILE}")):
        if not path.parent.name.startswith(DRAFT):
            facts = json.loads(path.read_text("utf-8"))
            yield KeptCall(**{**facts, "openness": Openness[facts["openness"]]}), path.parent


@contextmanager
def new_graph(call: KeptCall, folder: Path) -> Iterator[Path]:
    """An empty folder to keep a graph in; it is at `folder` when the block ended without error."""
    with whole_folder(folder) as draft:
        yield draft
        facts = {**asdict(call), "openness": call.openness.name}
        (draft / CALL_FILE).write_text(json.dumps(facts), "utf-8")
