"""The replaced `forward` of a module: it looks for a graph that fits its call, or exports one.

A graph fits a call with the same named tensors and constants and shapes that it allows. A module
that no exporter takes as a whole (its Python code decides by values) computes in torch what joins
its parts, and each part in a graph, or in its own parts. What torch itself refuses is the
caller's error: it is raised and changes nothing.
"""

from __future__ import annotations

import copy
import functools
import hashlib
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
from .calls import Call, changes_its_arguments, full_mask, has_past, present
from .graphs import ORDER, ExportError, Graph, GraphMaker, Openness, is_of_the_moment
from .known_numbers import known_numbers
from .normed_attention import normed_attention
from .parts import parts_of
from .store import KeptCall, KnownGraph, new_graph

SPARE_POSITIONS = 64
"""Tables of positions may be longer than configurations say, but not by more."""


class Owner(Protocol):
    """What a module asks of the exported model that it is a part of."""

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
        self.graphs = [known for known in owner.kept if known.call.module == name]
        self.graph_runs = 0
        self.in_parts: set[bool] = set()
        """Which calls have no graph at all: those with a filled cache, those without."""
        self.unlimited = False
        """Whether torch took far more tokens than the model has positions: no table ends there."""
        self.refused: set[str] = set()
        """Calls that have no graph although others have; known until the process ends."""

        @functools.wraps(module.forward)
        def forward(*args: Any, **kwargs: Any) -> Any:
            with owner.lock:
                if owner.exporting:
                    return self.torch_forward(*args, **kwargs)
                return self.run(self.named(args, kwargs))

        module.forward = forward

    def named(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """The arguments of a call by name.

        A mask that hides nothing is put back where `generate` left it out, so that texts
        with and without padding run in the same graph.
        """
        named = {**dict(zip(self.parameters, args)), **kwargs}
        if not self.name and "attention_mask" in self.parameters:
            return {**full_mask(named), **present(named, self.parameters)}
        return named

    def run(self, named: dict[str, Any]) -> Any:
        """Run the call in its graph, or part by part where it has none.

        Raises:
            ExportError: no graph can be exported and run for a part without parts.
        """
        filled = has_past(named)
        if filled in self.in_parts:
            return self.torch_forward(**named)
        call = Call.of(self.module, present(named, self.parameters))
        if call.key in self.refused:
            return self.torch_forward(**named)
        try:
            return self.run_whole(call, filled)
        except ExportError as error:
            self.split(named, error)
            self.give_up(call, filled)
        return self.torch_forward(**named)

    def give_up(self, call: Call, filled: bool) -> None:
        """Run such calls part by part: all where none has a graph, else this one alone.

        One call of an unusual kind must not cost all others their graph.
        """
        if any(known.call.filled == filled for known in self.graphs):
            self.refused.add(call.key)
            return
        self.in_parts.add(filled)
        self.owner.save()

    def run_whole(self, call: Call, filled: bool) -> Any:
        """Run the call in the graph for it, exporting one first where there is none.

        Raises:
            ExportError: no graph can be exported and run for this call, which torch takes.
        """
        errors: list[Exception] = []
        if changes_its_arguments(self.module, call.named):
            errors.append(TypeError("it changes a cache in place"))
            raise ExportError(self.name, type(self.module).__name__, errors)
        self.ask_torch_over_the_limit(call)
        for known in self.fitting(call):
            try:
                return self.computed(known.loaded(), call)
            except Exception as error:  # the runtime finds another shape in its way
                known.graph = None  # OpenVINO's is unusable from then on; it is loaded again
                if is_of_the_moment(error):
                    raise
                errors.append(error)
        expected = self.from_torch(call)
        for openness in (Openness.FIXED,) if errors else self.to_try(call):
            try:
                return self.computed(self.export(call, filled, openness, expected), call)
            except Exception as error:  # exporters fail in every way that Python knows
                if is_of_the_moment(error):
                    raise
                errors.append(error)
        raise ExportError(self.name, type(self.module).__name__, errors)

    def fitting(self, call: Call) -> list[KnownGraph]:
        """The graphs that the call's tensors can go into, the fastest first."""
        ordered = sorted(self.known(call), key=lambda known: ORDER.index(known.call.openness))
        return [known for known in ordered if known.fits(call.shapes)]

    def ask_torch_over_the_limit(self, call: Call) -> None:
        """Raise what torch says of a call with more tokens than the model has positions.

        Graphs do not notice: they look up zeros behind the end of a table.
        """
        limit = self.owner.limit
        if self.unlimited or limit is None or call.tokens <= limit:
            return
        self.from_torch(call)
        self.unlimited = call.tokens > limit + SPARE_POSITIONS

    def computed(self, graph: Graph, call: Call) -> Any:
        """What a graph gives for a call."""
        outputs = graph(call.inputs)
        self.graph_runs += 1
        return outputs

    def from_torch(self, call: Call) -> Any:
        """What torch gives for a call; its own error where the call is wrong."""
        import torch

        with self.owner.in_torch(), torch.no_grad():
            return self.torch_forward(**copy.deepcopy(dict(call.named)))

    def to_try(self, call: Call) -> Iterator[Openness]:
        """How to export for a call that no graph fits, the widest that is cheap first.

        Pictures stay fixed once: a second size of them says that they vary.
        """
        known = {known.call.openness for known in self.known(call)}
        if call.pictures and Openness.PICTURES_FIXED not in known:
            yield Openness.PICTURES_FIXED
        yield Openness.DYNAMIC
        yield Openness.FIXED

    def split(self, named: Mapping[str, Any], error: ExportError) -> None:
        """Let the parts of this module run graphs.

        Raises:
            ExportError: `error`, because there is none and the module has weights.
        """
        with self.owner.in_torch():
            parts = parts_of(self.module, self.name, named)
        if not parts and list(self.module.parameters()):
            raise error
        self.owner.intercept(parts)

    def known(self, call: Call) -> list[KnownGraph]:
        """The graphs for calls of this signature, those of earlier starts among them."""
        return [known for known in self.graphs if known.call.signature == call.signature]

    def export(self, call: Call, filled: bool, openness: Openness, expected: Any) -> Graph:
        """Export a graph for this call's shapes and those that are as open, and keep it.

        Raises:
            ValueError: it gives other numbers than torch does.
        """
        shapes = {name: list(shape) for name, shape in call.shapes.items()}
        kept = KeptCall(self.name, call.signature, shapes, openness, filled)
        folder = self.owner.folder / folder_name(kept)
        with new_graph(kept, folder) as draft, PROCESS.alone(), undrawn():
            open_dimensions = call.dynamic_shapes(openness)
            with self.owner.in_torch(), normed_attention(self.module), known_numbers(self.module):
                named = copy.deepcopy(call.named)
                graph = self.owner.maker.make(self.module, named, draft, open_dimensions)
            self.check(graph, call, expected)
        self.graphs.append(KnownGraph(kept, folder, self.owner.maker, graph))
        return graph

    def check(self, graph: Graph, call: Call, expected: Any) -> None:
        """Compare a new graph with torch, once: exporters drop a norm or fix a size at times.

        Raises:
            ValueError: the graph gives other numbers.
        """
        if self.owner.tolerance is None:
            return
        error = largest_error(graph(copy.deepcopy(call.inputs)), expected)
        if not error <= self.owner.tolerance:
            raise ValueError(f"the graph is off by {error:.1e} from torch")


def folder_name(kept: KeptCall) -> str:
    """The name of the folder of a graph: its module, its signature, its shapes, its openness."""
    shapes = json.dumps(kept.shapes, sort_keys=True)
    digests = f"{short_digest(kept.signature)}-{short_digest(shapes)}"
    return f"{kept.module or 'model'}-{digests}{kept.openness.value}"


def short_digest(text: str) -> str:
    """A few letters that stand for a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]
