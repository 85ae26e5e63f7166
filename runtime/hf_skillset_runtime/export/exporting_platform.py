"""Base class of the platforms whose models are transformers' own around exported graphs.

The modules of the loaded model run graphs, which are exported once and cached. `generate`, and the
code between the submodules of a model that cannot be exported as a whole, run in torch on the host.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from ..calls.concurrency import PROCESS
from ..calls.model_state import as_it_was
from ..platforms.base import Handler, Platform, stated_precision
from ..platforms.token_steps import token_scores
from ..platforms.torch_calls import run_model, streams
from ..platforms.torch_loading import load_model
from ..platforms.torch_platform import rows_that_fit
from ..tasks.encoded import Encoded
from ..tasks.samples import sample_inputs
from ..tasks.spec import TaskSpec
from .cache import checkpoint_folder, export_folder
from .exported_model import ExportedModel
from .graphs import GraphMaker
from .mapped_files import release
from .parts import outermost_calls
from .proof import proof_of_graphs

EXACT = "f32"
"""The precision whose graphs are compared with torch."""
AS_TRACED = {"dtype": "float32", "device_map": None}
"""Graphs are traced on the CPU in float32, whatever their precision."""
WRONG = 1e-3
"""Largest relative error of an f32 graph; rounding errors are 100 times smaller."""


class ExportingPlatform(Platform):
    """A runtime of exported graphs; a subclass makes the graphs for a device and a precision."""

    resources = ("torch", "transformers", "numpy")
    packages: ClassVar[tuple[str, ...]]
    """Distributions whose versions the stored graphs depend on."""
    precisions: ClassVar[tuple[str, ...]]
    """Values of `metadata["precision"]`; the first is the default."""

    @abstractmethod
    def maker(self, device: str, precision: str) -> GraphMaker:
        """What exports, stores and loads graphs for a device and a precision."""

    @abstractmethod
    def stored_as(self, precision: str) -> Any:
        """What the stored graphs depend on of a precision (JSON-compatible)."""

    def load(
        self,
        checkpoint: str,
        spec: TaskSpec,
        device: str,
        resources: Mapping[str, Any],
        metadata: Mapping[str, Any],
    ) -> Any:
        """Load the model and its cached graphs.

        `metadata["precision"]` is one of `precisions`; exported graphs are cached in
        `metadata["export_dir"]`.

        Raises:
            ValueError: unknown precision.
        """
        precision = stated_precision(metadata, self.precisions, self.precisions[0])
        maker = self.maker(device, precision)
        model = load_model(checkpoint, spec, resources, {**metadata, **AS_TRACED})
        facts = (spec.name, spec.auto_class, self.stored_as(precision))
        folder = export_folder(checkpoint, self.name, facts, self.packages, metadata)
        tolerance = WRONG if precision == EXACT else None
        exported = ExportedModel(model, maker, folder, tolerance)
        exported.weights = sorted(checkpoint_folder(checkpoint, metadata).glob("*.safetensors"))
        model.exported = exported
        if not exported.restore() and spec.run == "forward":
            exported.intercept([""])
        return model

    def prepare(self, handler: Handler) -> None:
        """Export graphs for the samples: a batch of the first one twice, and all of them.

        Torch's weights are mapped from the checkpoint's files (where its dtype is float32): what
        graphs have replaced is not kept in memory.
        """
        samples = sample_inputs(handler.spec, handler.processor)
        handler([samples[0]] * 2, **handler.spec.sample_params)
        handler(samples, **handler.spec.sample_params)
        exported: ExportedModel = handler.endpoint.exported
        release([*exported.weights, *exported.folder.glob("*/*")])

    def run(self, endpoint: Any, spec: TaskSpec, encoded: Encoded) -> dict[str, Any]:
        exported: ExportedModel = endpoint.exported
        with exported.lock, PROCESS.shared(), as_it_was(endpoint):
            if not exported.modules:
                with outermost_calls(endpoint) as names:
                    run_model(endpoint, spec, encoded)
                exported.intercept(names)
                exported.save()
            return run_model(endpoint, spec, encoded)

    def streams(self, endpoint: Any, spec: TaskSpec, encoded: Encoded) -> bool:
        return streams(endpoint, spec, encoded)

    def scores(
        self, endpoint: Any, spec: TaskSpec, encoded: Encoded, chosen: Sequence[Any] | None
    ) -> tuple[list[Any], list[Any]] | None:
        exported: ExportedModel = endpoint.exported
        with exported.lock, PROCESS.shared():
            return token_scores(endpoint, spec, encoded, chosen)

    def config(self, endpoint: Any) -> Any:
        return endpoint.config

    def batch_size(self, endpoint: Any, device: str) -> int:
        import psutil

        return rows_that_fit(endpoint, psutil.virtual_memory().available)

    def is_out_of_memory(self, error: Exception) -> bool:
        import torch

        return isinstance(error, (MemoryError, torch.OutOfMemoryError))

    def evidence(self, handler: Handler) -> dict[str, Any]:
        return proof_of_graphs(handler, handler.endpoint.exported)
