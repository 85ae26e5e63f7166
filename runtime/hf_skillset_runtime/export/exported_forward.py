"""The replaced `forward` of a module: it runs a graph that fits the call, or exports one.

A graph fits a call with the same named tensors and constants and allowed shapes. If a module
cannot be exported as a whole (its Python code depends on values), torch runs the code between its
submodules, and each submodule runs in a graph, or is split again. An error of torch itself is the
caller's: it is raised and changes no state.
"""

from __future__ import annotations

import copy
import functools
import inspect
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from threading import RLock
from typing import Any, Protocol

from ..calls.concurrency import PROCESS
from ..calls.seeded import undrawn
from .agreement import largest_error
from .cache import short_digest
from .calls import (
    Call,
    PlainCall,
    cache_names,
    changes_its_arguments,
    full_mask,
    has_past,
    present,
)
from .graphs import ORDER, ExportError, Graph, GraphMaker, Openness, is_of_the_moment
from .known_numbers import known_numbers
from .normed_attention import normed_attention
from .parts import parts_of
from .state_cache import ordinary
from .stateful_forward import StatefulForward
from .store import KeptCall, KnownGraph, new_graph

SPARE_POSITIONS = 64
"""Number of positions by which tables may be longer than the configuration states."""

MOST_SEEN = 512
"""Number of shapes and constants of calls that are recognised at once."""


class Owner(Protocol):
    """The interface of the exported model that a module belongs to."""

    maker: GraphMaker
    folder: Path
    tolerance: float | None
    exporting: bool
    kept: list[KnownGraph]
    lock: RLock
    limit: int | None

    def intercept(self, names: Iterable[str]) -> None: ...

    def save(self) -> None: ...

    def in_torch(self) -> AbstractContextManager[None]: ...


class ExportedForward:
    """The replaced `forward` of one module."""

    def __init__(self, owner: Owner, name: str, module: Any) -> None:
        self.owner, self.name, self.module = owner, name, module
        self.torch_forward = module.forward
        self.parameters = inspect.signature(module.forward).parameters
        self.graphs = [graph for graph in owner.kept if graph.call.module == name]
        self.graph_runs = 0
        self.in_parts: set[bool] = set()
        """Which calls have no graph at all: with a filled cache (True), without (False)."""
        self.unlimited = False
        """Whether torch accepted more tokens than the model has positions: no table limits it."""
        self.refused: set[str] = set()
        """Calls without a graph although others have one; not stored on disk."""
        self.seen: dict[tuple[Any, ...], tuple[KnownGraph, dict[str, Any]]] = {}
        """The graph, and its constants, of calls that ran before."""
        self.stateful = StatefulForward(self)

        @functools.wraps(module.forward)
        def forward(*args: Any, **kwargs: Any) -> Any:
            with owner.lock:
                if owner.exporting:
                    return self.torch_forward(*args, **kwargs)
                return self.run(self.named(args, kwargs))

        module.forward = forward

    def named(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """The arguments of a call by name.

        An omitted attention mask is added as all ones, so that texts with and without padding
        run in the same graph.
        """
        named = {**dict(zip(self.parameters, args)), **kwargs}
        if not self.name and "attention_mask" in self.parameters:
            return {**full_mask(named), **present(named, self.parameters)}
        return named

    def run(self, named: dict[str, Any]) -> Any:
        """Run the call in its graph, or its submodules in theirs.

        Raises:
            ExportError: no graph can be exported and run for a module without submodules.
        """
        if (outputs := self.stateful.run(named)) is not None:
            return outputs
        plain = PlainCall.of(named)
        if plain is not None and plain.key in self.seen:
            return self.run_again(plain, named)
        named = {**named, **{name: ordinary(named[name]) for name in cache_names(named)}}
        filled = has_past(named)
        if filled in self.in_parts:
            return self.torch_forward(**named)
        call = Call.of(self.module, present(named, self.parameters))
        if call.key in self.refused:
            return self.torch_forward(**named)
        try:
            outputs, graph = self.run_whole(call, filled)
        except ExportError as error:
            self.split(named, error)
            self.give_up(call, filled)
            return self.torch_forward(**named)
        if plain is not None:
            self.note(plain, call, graph)
        return outputs

    def note(self, plain: PlainCall, call: Call, graph: KnownGraph) -> None:
        """Run calls like this one in the same graph without describing them anew."""
        constants = plain.constants_of(call.inputs)
        within = self.owner.limit is None or call.tokens <= self.owner.limit
        if constants is not None and within:
            if len(self.seen) == MOST_SEEN:
                self.seen.clear()
            self.seen[plain.key] = (graph, constants)

    def run_again(self, plain: PlainCall, named: dict[str, Any]) -> Any:
        """Run a call of a kind that ran in a graph before, without describing it anew."""
        graph, constants = self.seen[plain.key]
        try:
            outputs = graph.loaded()({**constants, **plain.tensors})
        except Exception as error:  # of the runtime
            graph.graph = None  # OpenVINO's graph is then unusable; it is loaded again
            self.seen.clear()
            if is_of_the_moment(error):
                raise
            return self.run(named)
        self.graph_runs += 1
        return outputs

    def give_up(self, call: Call, filled: bool) -> None:
        """Run this call by submodule from now on, and all like it if none of them has a graph.

        An unusual call must not disable the graphs of all others.
        """
        if any(graph.call.filled == filled for graph in self.graphs):
            self.refused.add(call.key)
            return
        self.in_parts.add(filled)
        self.owner.save()

    def run_whole(self, call: Call, filled: bool) -> tuple[Any, KnownGraph]:
        """Run the call in its graph, exporting one first if there is none; the outputs and it.

        Raises:
            ExportError: no graph can be exported and run for this call, which torch accepts.
        """
        errors: list[Exception] = []
        if changes_its_arguments(self.module, call.named):
            errors.append(TypeError("it changes a cache in place"))
            raise ExportError(self.name, type(self.module).__name__, errors)
        self.ask_torch_over_the_limit(call)
        for graph in self.fitting(call):
            try:
                return self.computed(graph.loaded(), call), graph
            except Exception as error:  # the runtime fails on another shape
                graph.graph = None  # OpenVINO's graph is then unusable; it is loaded again
                if is_of_the_moment(error):
                    raise
                errors.append(error)
        expected = self.from_torch(call)
        for openness in (Openness.FIXED,) if errors else self.to_try(call):
            try:
                graph = self.export(call, filled, openness, expected)
                return self.computed(graph.loaded(), call), graph
            except Exception as error:  # exporters raise any exception
                if is_of_the_moment(error):
                    raise
                errors.append(error)
        raise ExportError(self.name, type(self.module).__name__, errors)

    def fitting(self, call: Call) -> list[KnownGraph]:
        """The graphs that accept the call's shapes, the fastest first."""
        ordered = sorted(self.known(call), key=lambda graph: ORDER.index(graph.call.openness))
        return [graph for graph in ordered if graph.fits(call.shapes)]

    def ask_torch_over_the_limit(self, call: Call) -> None:
        """Raise torch's error for a call with more tokens than the model has positions.

        Graphs do not fail: they read zeros beyond the end of a table.
        """
        limit = self.owner.limit
        if self.unlimited or limit is None or call.tokens <= limit:
            return
        self.from_torch(call)
        self.unlimited = call.tokens > limit + SPARE_POSITIONS

    def computed(self, graph: Graph, call: Call) -> Any:
        """The result of a graph for a call."""
        outputs = graph(call.inputs)
        self.graph_runs += 1
        return outputs

    def from_torch(self, call: Call) -> Any:
        """The result of torch for a call; raises torch's error if the call is invalid."""
        import torch

        with self.owner.in_torch(), torch.no_grad():
            return self.torch_forward(**copy.deepcopy(dict(call.named)))

    def to_try(self, call: Call) -> Iterator[Openness]:
        """The degrees of openness to try for a new graph, the widest that is cheap first.

        Image sizes are fixed in the first graph, and dynamic after a second size.
        """
        degrees = {degrees.call.openness for degrees in self.known(call)}
        if call.images and Openness.IMAGES_FIXED not in degrees:
            yield Openness.IMAGES_FIXED
        yield Openness.DYNAMIC
        yield Openness.FIXED

    def split(self, named: Mapping[str, Any], error: ExportError) -> None:
        """Let the submodules of this module run graphs.

        Raises:
            ExportError: `error`, if there are no submodules and the module has weights.
        """
        with self.owner.in_torch():
            parts = parts_of(self.module, self.name, named)
        if not parts and list(self.module.parameters()):
            raise error
        self.owner.intercept(parts)

    def known(self, call: Call) -> list[KnownGraph]:
        """The graphs for calls of this signature, including cached ones."""
        return [graph for graph in self.graphs if graph.call.signature == call.signature]

    def export(self, call: Call, filled: bool, openness: Openness, expected: Any) -> KnownGraph:
        """Export a graph for this call, with dynamic dimensions by `openness`, and store it.

        Raises:
            ValueError: its results differ from torch's.
        """
        shapes = {name: list(shape) for name, shape in call.shapes.items()}
        cached_call = KeptCall(self.name, call.signature, shapes, openness, filled)
        folder = self.owner.folder / folder_name(cached_call)
        with new_graph(cached_call, folder) as draft, PROCESS.alone(), undrawn():
            open_dimensions = call.dynamic_shapes(openness)
            with self.owner.in_torch(), normed_attention(self.module), known_numbers(self.module):
                named = copy.deepcopy(call.named)
                graph = self.owner.maker.make(self.module, named, draft, open_dimensions)
            self.check(graph, call, expected)
        self.graphs.append(KnownGraph(cached_call, folder, self.owner.maker, graph))
        return self.graphs[-1]

    def check(self, graph: Graph, call: Call, expected: Any) -> None:
        """Compare a new graph with torch, once: exporters may drop a norm or fix a size.

        Raises:
            ValueError: the graph's results differ from torch's.
        """
        if self.owner.tolerance is None:
            return
        error = largest_error(graph(copy.deepcopy(call.inputs)), expected)
        if not error <= self.owner.tolerance:
            raise ValueError(f"the graph is off by {error:.1e} from torch")


def folder_name(cached_call: KeptCall) -> str:
    """The name of the folder of a graph: its module, its signature, its shapes, its openness."""
    shapes = json.dumps(cached_call.shapes, sort_keys=True)
    digests = f"{short_digest(cached_call.signature)}-{short_digest(shapes)}"
    return f"{cached_call.module or 'model'}-{digests}{cached_call.openness.value}"
