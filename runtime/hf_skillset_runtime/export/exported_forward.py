"""Runs a transformers model whose modules compute in exported graphs.

The model stays what it is: `generate`, its caches and its outputs are transformers' own.
Only the `forward` of the modules that are called from outside is replaced. A replacement
looks for a graph that fits its call (the same named tensors and constants, shapes that the
graph allows), exports one where there is none, and runs it. Tokens, sampling and whatever
else `generate` does between the calls stay in torch. A module that no exporter takes as a
whole (its Python code decides by values) computes in torch what joins its parts, and each
part in a graph, or in its own parts.
"""

from __future__ import annotations

import copy
import functools
import hashlib
import inspect
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .agreement import largest_error
from .cache import write_whole
from .calls import Call, changes_its_arguments, full_mask, has_past, present
from .graphs import ORDER, ExportError, Graph, GraphMaker, KnownGraph, Openness
from .known_numbers import known_numbers
from .normed_attention import normed_attention
from .parts import callable_parts

MODULES_FILE = "modules.json"
CALL_SUFFIX = ".call.json"
"""Of the file with the shapes of the call a graph was exported for; it is written last."""


@dataclass
class ExportedModel:
    """The modules of one model that compute in exported graphs."""

    model: Any
    maker: GraphMaker
    folder: Path
    tolerance: float | None = None
    """Largest error of a graph, as a fraction of its largest output; None: not compared."""
    exporting: bool = False
    modules: dict[str, ExportedForward] = field(default_factory=dict)

    def intercept(self, names: Iterable[str]) -> None:
        """Let these modules (names as in `named_modules`, "" for the model) run graphs."""
        for name in names:
            if name not in self.modules:
                self.modules[name] = ExportedForward(self, name, self.model.get_submodule(name))

    @contextmanager
    def exports(self) -> Iterator[None]:
        """All modules compute in torch while one of them is traced."""
        self.exporting = True
        try:
            yield
        finally:
            self.exporting = False

    def restore(self) -> bool:
        """Intercept what an earlier start did; whether there was one."""
        path = self.folder / MODULES_FILE
        saved = json.loads(path.read_text("utf-8")) if path.is_file() else {}
        self.intercept(saved)
        for name, in_parts in saved.items():
            self.modules[name].in_parts.update(in_parts)
        return bool(saved)

    def save(self) -> None:
        """Keep the names of the modules that run graphs, and which of them do so in parts."""
        saved = {name: sorted(module.in_parts) for name, module in sorted(self.modules.items())}
        write_whole(self.folder / MODULES_FILE, json.dumps(saved))


class ExportedForward:
    """The replaced `forward` of one module."""

    def __init__(self, owner: ExportedModel, name: str, module: Any) -> None:
        self.owner, self.name, self.module = owner, name, module
        self.torch_forward = module.forward
        self.parameters = inspect.signature(module.forward).parameters
        self.graphs: dict[str, list[KnownGraph]] = {}
        self.in_parts: set[bool] = set()
        """Which calls run part by part: those with a filled cache, those without."""

        @functools.wraps(module.forward)
        def forward(*args: Any, **kwargs: Any) -> Any:
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
        if filled not in self.in_parts:
            try:
                return self.run_whole(Call.of(self.module, present(named, self.parameters)))
            except ExportError as error:
                self.split(named, error)
                self.in_parts.add(filled)
                self.owner.save()
        return self.torch_forward(**named)

    def run_whole(self, call: Call) -> Any:
        """Run the call in the graph for it, exporting one first where there is none.

        Raises:
            ExportError: no graph can be exported and run for this call.
        """
        errors: list[Exception] = []
        if changes_its_arguments(self.module, call.named):
            errors.append(TypeError("it changes a cache in place"))
            raise ExportError(self.name, type(self.module).__name__, errors)
        for known in sorted(self.known(call), key=lambda known: ORDER.index(known.openness)):
            if known.fits(call.shapes):
                try:
                    return known.graph(call.inputs)
                except RuntimeError as error:  # the runtime finds another shape in its way
                    errors.append(error)
        for openness in (Openness.FIXED,) if errors else self.to_try(call):
            try:
                return self.export(call, openness).graph(call.inputs)
            except Exception as error:  # exporters fail in every way that Python knows
                errors.append(error)
        raise ExportError(self.name, type(self.module).__name__, errors)

    def to_try(self, call: Call) -> Iterator[Openness]:
        """How to export for a call that no graph fits, the widest that is cheap first.

        Pictures stay fixed once: a second size of them says that they vary.
        """
        known = {known.openness for known in self.known(call)}
        if call.pictures and Openness.PICTURES_FIXED not in known:
            yield Openness.PICTURES_FIXED
        yield Openness.DYNAMIC
        yield Openness.FIXED

    def split(self, named: Mapping[str, Any], error: ExportError) -> None:
        """Let the parts of this module run graphs.

        Raises:
            ExportError: `error`, because there is none and the module has weights.
        """
        parts = self.parts(named)
        if not parts and list(self.module.parameters()):
            raise error
        self.owner.intercept(parts)

    def known(self, call: Call) -> list[KnownGraph]:
        """The graphs for calls of this signature, those of earlier starts among them."""
        if call.signature not in self.graphs:
            found = sorted(self.owner.folder.glob(f"{self.stem(call)}-*{CALL_SUFFIX}"))
            self.graphs[call.signature] = [self.load(path) for path in found]
        return self.graphs[call.signature]

    def load(self, path: Path) -> KnownGraph:
        """A graph that an earlier start exported."""
        stem = path.name.removesuffix(CALL_SUFFIX)
        return KnownGraph(
            graph=self.owner.maker.load(path.with_name(stem)),
            openness=next(each for each in reversed(ORDER) if stem.endswith(each.value)),
            traced=json.loads(path.read_text("utf-8")),
        )

    def stem(self, call: Call) -> str:
        """What the names of the files for calls of this signature begin with."""
        return f"{self.name or 'model'}-{short_digest(call.signature)}"

    def export(self, call: Call, openness: Openness) -> KnownGraph:
        """Export a graph for this call's shapes and those that are as open, and keep it."""
        shapes = {name: list(shape) for name, shape in call.shapes.items()}
        name = f"{self.stem(call)}-{short_digest(json.dumps(shapes, sort_keys=True))}"
        path = self.owner.folder / (name + openness.value)
        open_dimensions = call.dynamic_shapes(openness)
        with self.owner.exports(), normed_attention(self.module), known_numbers(self.module):
            named = copy.deepcopy(call.named)
            graph = self.owner.maker.make(self.module, named, path, open_dimensions)
        self.check(graph, call)
        known = KnownGraph(graph, openness, shapes)
        self.known(call).append(known)
        write_whole(path.with_name(path.name + CALL_SUFFIX), json.dumps(shapes))
        return known

    def check(self, graph: Graph, call: Call) -> None:
        """Compare a new graph with torch, once: exporters drop a norm or fix a size at times.

        Raises:
            ValueError: the graph gives other numbers.
        """
        import torch

        if self.owner.tolerance is None:
            return
        with self.owner.exports(), torch.no_grad():
            expected = self.torch_forward(**copy.deepcopy(dict(call.named)))
        error = largest_error(graph(copy.deepcopy(call.inputs)), expected)
        if not error <= self.owner.tolerance:
            raise ValueError(f"the graph is off by {error:.1e} from torch")

    def parts(self, named: Mapping[str, Any]) -> list[str]:
        """The modules to export where the whole cannot be.

        Encoders, decoder, projector and head of a multimodal model, else the direct parts.
        """
        from transformers.exporters.utils import decompose_multimodal

        if not self.has_towers(has_past(named)):
            return list(callable_parts(self.module, self.name))
        with self.owner.exports():
            found = decompose_multimodal(self.module, copy.deepcopy(dict(named)))
        names = {id(module): name for name, module in self.module.named_modules()}
        return [names[id(module)] for module, _inputs in found.values()]

    def has_towers(self, filled: bool) -> bool:
        """Whether a call (with a filled cache or not) is one that exporters take apart."""
        from transformers.exporters.utils import is_multimodal

        return not self.name and not filled and is_multimodal(self.module)

    def in_layers(self) -> bool:
        """Whether it computes in smaller parts than exporters make of multimodal models."""
        return any(not self.has_towers(filled) for filled in self.in_parts)


def short_digest(text: str) -> str:
    """A few letters that stand for a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]
