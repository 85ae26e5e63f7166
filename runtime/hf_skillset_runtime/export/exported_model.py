"""A transformers model whose modules compute in exported graphs.

The model stays what it is: `generate`, its caches and its outputs are transformers' own. Only the
`forward` of the modules that are called from outside is replaced. Tokens, sampling and whatever
else `generate` does between the calls stay in torch.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from typing import Any

from .cache import write_whole
from .exported_forward import ExportedForward
from .graphs import GraphMaker
from .parts import has_towers
from .store import KnownGraph, kept_graphs

MODULES_FILE = "modules.json"


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
    kept: list[KnownGraph] = field(default_factory=list)
    """The graphs of earlier starts."""
    lock: RLock = field(default_factory=RLock)
    """Held by the thread that runs the model; its modules keep a call's state in themselves."""

    limit: int | None = None
    """Positions that the model has, where its configuration says."""

    def __post_init__(self) -> None:
        """Find the limit and the graphs that earlier starts kept."""
        config: Any = getattr(self.model, "config", None)
        text = config.get_text_config() if hasattr(config, "get_text_config") else config
        limit = getattr(text, "max_position_embeddings", None)
        self.limit = limit if isinstance(limit, int) and limit > 0 else None
        self.kept = [KnownGraph(*found, self.maker) for found in kept_graphs(self.folder)]

    def intercept(self, names: Iterable[str]) -> None:
        """Let these modules (names as in `named_modules`, "" for the model) run graphs."""
        for name in names:
            if name not in self.modules:
                self.modules[name] = ExportedForward(self, name, self.model.get_submodule(name))

    @contextmanager
    def in_torch(self) -> Iterator[None]:
        """All modules compute in torch: one of them is traced, or asked what torch says."""
        before, self.exporting = self.exporting, True
        try:
            yield
        finally:
            self.exporting = before

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

    def graph_runs(self) -> int:
        """How many times a graph was run for a call."""
        return sum(module.graph_runs for module in self.modules.values())

    def share_in_graphs(self) -> float:
        """The share (0..1) of the model's weights that lie in modules that ran as graphs."""
        weights = {id(p): p.numel() for p in self.model.parameters()}
        inside = {
            id(parameter)
            for module in self.modules.values()
            if module.graph_runs
            for parameter in module.module.parameters()
        }
        total = sum(weights.values())
        return float(sum(weights[key] for key in inside) / total) if total else 0.0

    def in_layers(self) -> bool:
        """Whether a module computes in smaller parts than exporters make of multimodal models."""
        return any(
            not has_towers(module.module, module.name, filled)
            for module in self.modules.values()
            for filled in module.in_parts
        )
