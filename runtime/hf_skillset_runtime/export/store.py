"""The graphs in the folder of one model: each a folder of its own, complete or absent."""

from __future__ import annotations

import json
import os
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from .graphs import Graph, GraphMaker, Openness

CALL_FILE = "call.json"
DRAFT = ".draft-"
ABANDONED = 24 * 60 * 60
"""Seconds after which a draft has no process any more that works on it."""


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
    """An empty folder to keep a graph in; it is at `folder` when the block ended without error.

    Where another process kept the same graph meanwhile, that one stays.
    """
    draft = folder.with_name(f"{DRAFT}{uuid.uuid4().hex}")
    draft.mkdir()
    try:
        yield draft
        facts = {**asdict(call), "openness": call.openness.name}
        (draft / CALL_FILE).write_text(json.dumps(facts), "utf-8")
        with suppress(OSError):
            os.rename(draft, folder)
        if not folder.is_dir():
            raise FileNotFoundError(f"the graph cannot be kept at {folder}")
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def remove_abandoned(folder: Path) -> None:
    """Remove what processes left that ended while they exported."""
    for draft in folder.glob(f"{DRAFT}*"):
        with suppress(OSError):
            if time.time() - draft.stat().st_mtime > ABANDONED:
                shutil.rmtree(draft, ignore_errors=True)
