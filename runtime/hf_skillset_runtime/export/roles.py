"""The roles of a model's graphs in its task, for folders that run without torch.

`model` runs a task of one call. `encoder` (where there is one), `first` and `next` generate text:
`first` takes the whole prompt, `next` one more token and the cache.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from .calls import CACHES
from .exported_forward import ExportedForward
from .exported_model import ExportedModel
from .graphs import ORDER
from .store import KnownGraph

OF_CACHE = tuple(f"{name}." for name in CACHES)
"""How the names of a cache's tensors begin."""


def graphs_by_role(exported: ExportedModel, generates: bool) -> dict[str, KnownGraph]:
    """Role -> the graph that has it, after the samples have run.

    Raises:
        NotImplementedError: Python code of the model joins its graphs.
    """
    if split := sorted(name for name, module in exported.modules.items() if module.in_parts):
        raise no_whole(f"{split[0] or 'the model'} is no single graph")
    ran = {name: module for name, module in exported.modules.items() if module.graphs}
    if not generates:
        if set(ran) != {""}:
            raise no_whole(f"it runs {', '.join(sorted(ran)) or 'no graph'}")
        return {"model": widest(ran[""].graphs)}
    decoder = ran.pop("", None)
    if decoder is None or len(ran) > 1:
        raise no_whole(f"it runs {', '.join(sorted(ran))}")
    encoders = [widest(only.graphs) for only in ran.values()]
    return {**dict(zip(["encoder"], encoders)), **steps_of(decoder)}


def steps_of(decoder: ExportedForward) -> dict[str, KnownGraph]:
    """The graphs of a decoder: `first`, and `next` if it has a cache.

    Raises:
        NotImplementedError: no graph starts a text.
    """
    later = [graph for graph in decoder.graphs if graph.call.filled]
    starts = [graph for graph in decoder.graphs if not graph.call.filled]
    if not later:
        return {"first": widest(starts)}
    following = widest(later)
    needed = {name for name in leaves(following) if not name.startswith(OF_CACHE)}
    if not (starts := [graph for graph in starts if needed <= leaves(graph)]):
        raise no_whole("no graph starts a text")
    return {"first": widest(starts), "next": following}


def leaves(graph: KnownGraph) -> set[str]:
    """The names of the tensors of the call that a graph was exported for."""
    kinds, _constants = json.loads(graph.call.signature)
    return set(kinds)


def widest(graphs: Iterable[KnownGraph]) -> KnownGraph:
    """The graph that was traced with the fewest dimensions of size 1, which are constants."""
    return max(graphs, key=lambda graph: (ORDER.index(graph.call.openness), -constants(graph)))


def constants(graph: KnownGraph) -> int:
    """The number of dimensions of size 0 or 1."""
    return sum(size < 2 for shape in graph.call.shapes.values() for size in shape)


def no_whole(reason: str) -> NotImplementedError:
    """The error of a model that no folder of graphs can stand for."""
    return NotImplementedError(f"Python code of the model joins its graphs: {reason}")
