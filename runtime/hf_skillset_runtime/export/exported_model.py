"""A transformers model whose modules run exported graphs.

`generate`, its caches and its outputs are transformers' own. Only the `forward` methods of the
outermost called modules are replaced. Tokens, sampling and the other steps of `generate` between
the calls run in torch.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from typing import Any

from ..tasks.limits import text_part
from .cache import write_whole
from .exported_forward import ExportedForward
from .graphs import GraphMaker
from .parts import has_towers
from .store import KnownGraph, kept_graphs

MODULES_FILE = "modules.json"


@dataclass
class ExportedModel:
    """The modules of one model that run exported graphs."""

    model: Any
    maker: GraphMaker
    folder: Path
    tolerance: float | None = None
    """Largest relative error of a graph (see `largest_error`); None: not compared."""
    exporting: bool = False
    modules: dict[str, ExportedForward] = field(default_factory=dict)
    kept: list[KnownGraph] = field(default_factory=list)
    """The cached graphs."""
    lock: RLock = field(default_factory=RLock)
    """Serialises the runs of the model; its modules store state of a call."""

    weights: list[Path] = field(default_factory=list)
    """The files of the checkpoint's weights."""
    limit: int | None = None
    """Positions of the model, if the configuration states them."""

    def __post_init__(self) -> None:
        """Read the limit and the cached graphs."""
        config: Any = getattr(self.model, "config", None)
        limit = getattr(text_part(config), "max_position_embeddings", None)
        self.limit = limit if isinstance(limit, int) and limit > 0 else None
        self.kept = [KnownGraph(*entry, self.maker) for entry in kept_graphs(self.folder)]

    def intercept(self, names: Iterable[str]) -> None:
        """Let these modules (names as in `named_modules`, "" for the model) run graphs."""
        for name in names:
            if name not in self.modules:
                self.modules[name] = ExportedForward(self, name, self.model.get_submodule(name))

    @contextmanager
    def in_torch(self) -> Iterator[None]:
        """Context manager in which all modules run in torch, for tracing and reference results."""
        before, self.exporting = self.exporting, True
        try:
            yield
        finally:
            self.exporting = before

    def restore(self) -> bool:
        """Intercept the modules stored in the cache; whether there are any."""
        path = self.folder / MODULES_FILE
        saved = json.loads(path.read_text("utf-8")) if path.is_file() else {}
        self.intercept(saved)
        for name, in_parts in saved.items():
            self.modules[name].in_parts.update(in_parts)
        return bool(saved)

    def save(self) -> None:
        """Store the names of the modules that run graphs, and of those that are split."""
        saved = {name: sorted(module.in_parts) for name, module in sorted(self.modules.items())}
        write_whole(self.folder / MODULES_FILE, json.dumps(saved))

    def graph_runs(self) -> int:
        """The number of graph runs."""
        return sum(module.graph_runs for module in self.modules.values())

    def share_in_graphs(self) -> float:
        """The fraction (0..1) of the model's weights in modules that ran as graphs."""
        weights = {id(p): p.numel() for p in self.model.parameters()}
        inside = {
            id(parameter)
            for module in self.modules.values()
            if module.graph_runs
            for parameter in module.module.parameters()
        }
        total = sum(weights.values())
        return float(sum(weights[key] for key in inside) / total) if total else 0.0

    def states(self) -> bool | str | None:
        """Whether the cache of a generation is inside the runtime; a text why not.

        None if no module was called with a cache, or the runtime has no states.
        """
        modules = [module.stateful for module in self.modules.values()]
        if any(known for stateful in modules for known in stateful.known.values()):
            return True
        reasons = [reason for stateful in modules for reason in stateful.reasons().values()]
        reasons += [stateful.other for stateful in modules if stateful.other]
        return reasons[0] if reasons else None

    def in_layers(self) -> bool:
        """Whether a module is split further than exporters split multimodal models."""
        return any(
            not has_towers(module.module, module.name, filled)
            for module in self.modules.values()
            for filled in module.in_parts
        )
