"""The steps of a decoder in one graph that keeps the cache inside the runtime.

The graph serves prompts and single tokens alike. It is exported from a made-up call that continues
a cache, and compared with torch on each kind of call before its results are used: logits and cache.
A decoder that has no such graph, or whose graph is off, runs as other modules do, with the cache
going in and out; the reason is stored.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from ..calls.concurrency import PROCESS
from ..calls.seeded import undrawn
from .agreement import largest_error
from .cache import DRAFT, short_digest, whole_folder, write_whole
from .calls import Call, cache_of, present
from .graphs import is_of_the_moment
from .known_numbers import known_numbers
from .normed_attention import normed_attention
from .state_cache import is_inside, ordinary, state_cache
from .stateful_calls import StepCall, cache_in, can_be_inside
from .states import StatefulGraph, StatefulProgram

FACTS_FILE = "states.json"
REASONS_FILE = "stateless.json"
TENSORS = ("keys", "values")
"""The tensors of a layer of a cache."""
PAST, NEW = 5, 3
"""Tokens in the cache and after it in the call that is exported: both more than one, not equal."""


@dataclass
class Facts:
    """What is stored beside a graph with states."""

    module: str
    signature: str
    places: list[int]
    """The indices of the cache's layers that have tensors."""
    output: list[str]
    """The module and the name of the class of the outputs."""
    cache: str
    """The name of the cache in the outputs."""
    proven: list[str] = field(default_factory=list)
    """Kinds of call on which torch gave the same."""
    refused: dict[str, str] = field(default_factory=dict)
    """Kinds of call that run without states, and why."""


@dataclass
class Known:
    """A graph with states; a cached one is loaded on first use."""

    facts: Facts
    folder: Path
    graph: StatefulGraph | None = None
    output: Any = None

    def save(self) -> None:
        """Store the facts."""
        write_whole(self.folder / FACTS_FILE, json.dumps(asdict(self.facts)))


class StatefulForward:
    """Runs the calls of one module that continue a cache, where a graph with states can."""

    def __init__(self, forward: Any) -> None:
        self.forward, self.owner = forward, forward.owner
        self.known: dict[tuple[Any, ...], Known | None] = {}
        """The graph of each signature; None if it has none."""
        self.other = ""
        """Why the last call that could not have states at all could not; empty if none came."""

    def run(self, named: Mapping[str, Any]) -> Any:
        """The outputs of a call; None if it has to run without states."""
        if not self.owner.maker.stateful or cache_of(named) is None:
            return None
        call = StepCall.of(present(named, self.forward.parameters))
        if call is None or not can_be_inside(call.cache):
            self.other = f"called with {', '.join(named)} and a {type(cache_of(named)).__name__}"
            return None
        known = self.graph_for(call)
        if known is None or call.kind in known.facts.refused:
            return None
        self.forward.ask_torch_over_the_limit(call)
        outputs = self.outputs(known, call)
        self.forward.graph_runs += outputs is not None
        return outputs

    def outputs(self, known: Known, call: StepCall) -> Any:
        """The outputs of the graph; None if a call that begins a sequence fails in it."""
        begins = not call.cache.get_seq_length()
        try:
            new = call.kind not in known.facts.proven
            return self.proven(known, call) if new else self.computed(known, call)
        except Exception as error:  # of the runtime; torch's own is raised by the other way
            if not begins or is_of_the_moment(error):
                raise
            return None

    def graph_for(self, call: StepCall) -> Known | None:
        """The graph for calls of this signature, exported if the call begins a sequence."""
        signature = call.signature
        if signature not in self.known:
            text = json.dumps(signature)
            stored = next((k for k in self.stored() if k.facts.signature == text), None)
            if stored is None and short_digest(text) not in self.reasons():
                if call.cache.get_seq_length():
                    return None  # a sequence that began elsewhere
                stored = self.exported(call, text)
            self.known[signature] = stored
        return self.known[signature]

    def stored(self) -> Iterator[Known]:
        """The cached graphs of the module."""
        for path in sorted(self.owner.folder.glob(f"*/{FACTS_FILE}")):
            facts = Facts(**json.loads(path.read_text("utf-8")))
            if facts.module == self.forward.name and not path.parent.name.startswith(DRAFT):
                yield Known(facts, path.parent)

    def reasons(self) -> dict[str, str]:
        """Why calls of the module have no graph with states, by the digest of their signature."""
        path = self.owner.folder / REASONS_FILE
        stored = json.loads(path.read_text("utf-8")) if path.is_file() else {}
        reasons: dict[str, str] = stored.get(self.forward.name, {})
        return reasons

    def remember(self, text: str, error: Exception) -> None:
        """Store why calls of a signature have no graph with states."""
        path = self.owner.folder / REASONS_FILE
        stored = json.loads(path.read_text("utf-8")) if path.is_file() else {}
        reason = f"{type(error).__name__}: {error}".partition("\n")[0][:300]
        stored.setdefault(self.forward.name, {})[short_digest(text)] = reason
        write_whole(path, json.dumps(stored))

    def exported(self, call: StepCall, text: str) -> Known | None:
        """A new graph that agrees with torch on samples; None, with the reason stored."""
        try:
            return self.export(call, text)
        except Exception as error:  # exporters raise any exception
            if is_of_the_moment(error):
                raise
            self.remember(text, error)
            return None

    def export(self, call: StepCall, text: str) -> Known:
        """Export a graph from a sample of the call, compare it with torch and store it.

        Raises:
            ValueError: the outputs, or the cache, are not of a kind that can be states; or the
                graph's results differ from torch's.
        """
        outputs, step = self.sample_step(call)
        name, _cache = cache_in(outputs)
        places = [i for i, layer in enumerate(step.cache.layers) if layer.is_initialized]
        kind = type(outputs)
        facts = Facts(self.forward.name, text, places, [kind.__module__, kind.__qualname__], name)
        folder = self.owner.folder / f"{self.forward.name or 'model'}-{short_digest(text)}-states"
        with whole_folder(folder) as draft:
            with PROCESS.alone(), undrawn():
                graph = self.made(step, places, draft)
            known = Known(facts, draft, graph, kind)
            for batch in (1, 2):
                start = call.sample(batch, PAST, copy.deepcopy(call.cache))
                cache = cache_of(self.checked(known, start))
                self.checked(known, call.sample(batch, 1, cache))
            known.save()
        known.folder = folder
        return known

    def made(self, step: StepCall, places: list[int], folder: Path) -> StatefulGraph:
        """The graph of a call that continues a cache, stored in a folder."""
        module, name = self.forward.module, step.cache_name
        inputs = present(step.named, self.forward.parameters)
        shapes = Call.of(module, inputs).dynamic_shapes_of_steps()
        states = [f"{name}.layers.{place}.{part}" for place in places for part in TENSORS]
        with self.owner.in_torch(), normed_attention(module), known_numbers(module):
            program = StatefulProgram(module, inputs, name, states, shapes, folder)
            graph: StatefulGraph = self.owner.maker.make_stateful(program)
            return graph

    def sample_step(self, call: StepCall) -> tuple[Any, StepCall]:
        """Torch's outputs for the beginning of a sequence, and a call that continues it.

        Its cache keeps every token, because graphs do, also of layers with a sliding window.
        """
        from transformers.cache_utils import DynamicCache

        outputs = self.forward.from_torch(call.sample(2, PAST, DynamicCache()))
        return outputs, call.sample(2, NEW, cache_of(outputs))

    def proven(self, known: Known, call: StepCall) -> Any:
        """The outputs for a new kind of call; None if torch computes something else."""
        before = copy.deepcopy(call.cache)
        try:
            outputs = self.checked(known, call)
        except Exception as error:
            if is_of_the_moment(error):
                raise
            known.facts.refused[call.kind] = str(error)
            outputs = None
            if is_inside(call.cache):
                call.cache.become(before)
        known.save()
        return outputs

    def checked(self, known: Known, call: StepCall) -> Any:
        """The outputs for a kind of call, compared with torch: each of them, and the cache.

        Raises:
            ValueError: the graph's results differ from torch's.
        """
        if self.owner.tolerance is None:
            known.facts.proven.append(call.kind)
            return self.computed(known, call)
        expected = self.forward.from_torch(call)
        outputs = self.computed(known, call)
        actual = dict(outputs) | {known.facts.cache: copy.deepcopy(cache_of(outputs))}
        if missing := leaves(dict(expected)) - leaves(actual):
            raise ValueError(f"the graph with states has no {', '.join(sorted(missing)[:3])}")
        error = largest_error(actual, dict(expected))
        if not error <= self.owner.tolerance:
            raise ValueError(f"the graph with states is off by {error:.1e} from torch")
        known.facts.proven.append(call.kind)
        return outputs

    def computed(self, known: Known, call: StepCall) -> Any:
        """The outputs of the graph, with a cache inside it."""
        import torch

        cache = self.inside(known, call)
        states = cache.states
        try:
            outputs = states.step(call.tensors, cache.rows.numpy())
        except Exception:
            cache.states = known.graph = None  # the plugin refuses a graph that failed
            raise
        cache.length += call.main.shape[1]
        cache.rows = torch.arange(call.batch, dtype=torch.int32)
        return known.output(**outputs, **{known.facts.cache: cache})

    def inside(self, known: Known, call: StepCall) -> Any:
        """The call's cache as states: as it is, or new ones with its tensors."""
        if is_inside(call.cache) and call.cache.states is not None:
            return call.cache
        given, places = ordinary(call.cache), known.facts.places
        empty = copy.deepcopy(given)
        empty.reset()
        cache = state_cache()(self.loaded(known).states(), places, empty, call.batch)
        if length := given.get_seq_length():
            layers = [given.layers[place] for place in places]
            cache.states.write([getattr(layer, part) for layer in layers for part in TENSORS])
            cache.length = length
        return cache

    def loaded(self, known: Known) -> StatefulGraph:
        """The graph, ready to run."""
        if known.graph is None:
            known.graph = self.owner.maker.load_stateful(known.folder)
            module, name = known.facts.output
            known.output = getattr(import_module(module), name)
        return known.graph


def leaves(outputs: Any) -> set[str]:
    """The paths of the tensors in a module's outputs."""
    from transformers.exporters.utils import get_leaf_tensors

    return set(get_leaf_tensors(outputs))
