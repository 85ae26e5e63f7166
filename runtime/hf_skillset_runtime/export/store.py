"""The cached graphs of one model: one folder each, written atomically."""

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
    """The call that a cached graph was exported for."""

    module: str
    signature: str
    """The names and dtypes of the tensors and the constants, without shapes."""
    shapes: Mapping[str, list[int]]
    openness: Openness
    filled: bool
    """Whether it continues from a filled cache."""


@dataclass
class KnownGraph:
    """A graph and the call that it was exported for; a cached one is loaded on first use."""

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
        """Whether the graph accepts tensors of these shapes.

        An export treats a dimension of 0 or 1 as a constant, even if it is dynamic.
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
    """The cached graphs, with their folders."""
    for path in sorted(folder.glob(f"*/{CALL_FILE}")):
        if not path.parent.name.startswith(DRAFT):
            facts = json.loads(path.read_text("utf-8"))
            yield KeptCall(**{**facts, "openness": Openness[facts["openness"]]}), path.parent


@contextmanager
def new_graph(call: KeptCall, folder: Path) -> Iterator[Path]:
    """A temporary folder for a graph; moved into `folder` if the block ends without error."""
    with whole_folder(folder) as draft:
        yield draft
        facts = {**asdict(call), "openness": call.openness.name}
        (draft / CALL_FILE).write_text(json.dumps(facts), "utf-8")
