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
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from .cache import write_whole
from .known_numbers import known_numbers
from .normed_attention import normed_attention

MODULES_FILE = "modules.json"
CALL_SUFFIX = ".call.json"
"""Of the file with the shapes of the call a graph was exported for; it is written last."""


class Openness(Enum):
    """Which dimensions of its inputs a graph leaves open; the value ends the graph's name."""

    FIXED = ""
    PICTURES_FIXED = "-pictures-fixed"
    """Pictures are open in their batch alone: windows and pyramids over open sides take minutes."""
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
        self, module: Any, inputs: Mapping[str, Any], path: Path, dynamic_shapes: Any
    ) -> Graph:
        """Export `module` as called with `inputs`; keep it under `path` (without a suffix).

        `dynamic_shapes` is what `torch.export` takes: which dimensions are open; None for none.
        """

    @abstractmethod
    def load(self, path: Path) -> Graph:
        """Load what `make` kept under `path`."""


@dataclass(frozen=True)
class KnownGraph:
    """A graph and the call that it was exported for."""

    graph: Graph
    openness: Openness
    traced: Mapping[str, list[int]]
    """The shapes of the tensors it was exported with."""

    def fits(self, shapes: Mapping[str, tuple[int, ...]]) -> bool:
        """Whether tensors of these shapes can go in.

        An export takes a dimension of 0 or 1 for a constant, however open the graph looks.
        """
        if self.openness is Openness.FIXED:
            return all(list(shape) == self.traced[name] for name, shape in shapes.items())
        pairs = ((self.traced[name], shape) for name, shape in shapes.items())
        constant = all(
            size == was for traced, shape in pairs for was, size in zip(traced, shape) if was < 2
        )
        return constant and self.graph.accepts(shapes)


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
    graph_runs: int = 0
    """How often a graph ran in place of a module."""

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
                    return self.counted(known.graph(call.inputs))
                except RuntimeError as error:  # the runtime finds another shape in its way
                    errors.append(error)
        for openness in (Openness.FIXED,) if errors else self.to_try(call):
            try:
                return self.counted(self.export(call, openness).graph(call.inputs))
            except Exception as error:  # exporters fail in every way that Python knows
                errors.append(error)
        raise ExportError(self.name, type(self.module).__name__, errors)

    def counted(self, outputs: Any) -> Any:
        """What a graph gave, noted as one run."""
        self.owner.graph_runs += 1
        return outputs

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


def largest_error(found: Any, expected: Any) -> float:
    """Largest difference of two results' numbers with a fraction.

    A fraction of the output's largest number where that is above 1.
    """
    from transformers.exporters.utils import get_leaf_tensors

    ours, errors = get_leaf_tensors(found), [0.0]
    for name, theirs in get_leaf_tensors(expected).items():
        if name in ours and theirs.is_floating_point():
            finite = theirs.isfinite()
            distance = (ours[name] - theirs)[finite].abs()
            scale = theirs[finite].abs()
            errors += [float(distance.max() / scale.max().clamp(min=1))] if finite.any() else []
    return max(errors)


def callable_parts(module: Any, name: str) -> Iterator[str]:
    """The names of a module's direct parts; a list of modules stands for what it holds."""
    import torch

    for part_name, part in module.named_children():
        full_name = f"{name}.{part_name}".lstrip(".")
        if type(part).forward is torch.nn.Module.forward:  # it has none of its own
            yield from callable_parts(part, full_name)
        else:
            yield full_name


def present(named: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments without those that are None and may be left out."""
    return {
        name: value
        for name, value in named.items()
        if value is not None
        or (name in parameters and parameters[name].default is inspect.Parameter.empty)
    }


def has_past(named: Mapping[str, Any]) -> bool:
    """Whether a call goes on from a filled cache."""
    from transformers.exporters.utils import get_leaf_tensors

    states = get_leaf_tensors(named.get("past_key_values"))
    return any(state.dim() > 2 and state.numel() for state in states.values())


def changes_its_arguments(module: Any, named: Mapping[str, Any]) -> bool:
    """Whether a call has a cache to fill that its module does not return, as models do."""
    from transformers import PreTrainedModel
    from transformers.cache_utils import Cache

    caches = any(isinstance(value, Cache) for value in named.values())
    return caches and not isinstance(module, PreTrainedModel)


def full_mask(named: Mapping[str, Any]) -> dict[str, Any]:
    """The mask of a generating call whose tokens count their positions from zero."""
    ids, positions = named.get("input_ids"), named.get("position_ids")
    if "past_key_values" not in named or ids is None or positions is None:
        return {}
    if positions.shape != ids.shape:
        return {}
    return {"attention_mask": ids.new_ones(len(ids), int(positions.max()) + 1)}


@dataclass(frozen=True)
class Call:
    """One call of a module."""

    named: Mapping[str, Any]
    """The arguments, as given."""
    inputs: Mapping[str, Any]
    """What the exported graph gets for them."""
    signature: str
    """Which tensors there are and which constants; everything but the shapes."""
    shapes: Mapping[str, tuple[int, ...]]

    @property
    def pictures(self) -> list[str]:
        """The inputs (batch, ..., height, width) that are pictures, or grids like them."""
        return [
            name
            for name, value in self.inputs.items()
            if len(self.shapes.get(name, ())) > 3
            and value.is_floating_point()
            and "mask" not in name
        ]

    def dynamic_shapes(self, openness: Openness) -> Any:
        """The open dimensions of the inputs, as `torch.export` takes them; None for none."""
        from torch.export import Dim
        from transformers.exporters.exporter_dynamo import get_auto_dynamic_shapes

        if openness is Openness.FIXED:
            return None
        found = get_auto_dynamic_shapes(dict(self.inputs))
        if openness is Openness.PICTURES_FIXED:
            found |= {name: {0: Dim.AUTO} for name in self.pictures}
        return found

    @classmethod
    def of(cls, module: Any, named: Mapping[str, Any]) -> Call:
        """Describe the call of `module` with these arguments."""
        from transformers.exporters.utils import get_leaf_tensors, prepare_for_export

        _module, inputs, _flags = prepare_for_export(module, copy.deepcopy(dict(named)))
        leaves = get_leaf_tensors(inputs)
        kinds = {name: f"{leaf.dtype}[{leaf.dim()}]" for name, leaf in leaves.items()}
        constants = {
            name: value
            for name, value in named.items()
            if isinstance(value, (bool, int, float, str, list, tuple))
            and not get_leaf_tensors({name: value})
        }
        return cls(
            named=named,
            inputs=inputs,
            signature=json.dumps([kinds, constants], sort_keys=True),
            shapes={name: tuple(leaf.shape) for name, leaf in leaves.items()},
        )


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


def short_digest(text: str) -> str:
    """A few letters that stand for a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@contextmanager
def outermost_calls(model: Any) -> Iterator[list[str]]:
    """Collects the names of the modules that are called while no other module runs."""
    import torch

    names = {id(module): name for name, module in model.named_modules()}
    depth, found = [0], []

    def enter(module: Any, _args: Any) -> None:
        if depth[0] == 0 and id(module) in names and names[id(module)] not in found:
            found.append(names[id(module)])
        depth[0] += 1

    def leave(_module: Any, _args: Any, _output: Any) -> None:
        depth[0] -= 1

    hooks = torch.nn.modules.module
    handles = [
        hooks.register_module_forward_pre_hook(enter),
        hooks.register_module_forward_hook(leave),
    ]
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()
