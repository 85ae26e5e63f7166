# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Base class of the platforms that run torch eagerly."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from ..calls.concurrency import PROCESS, lock_of
from ..calls.model_state import as_it_was
from ..tasks.encoded import Encoded
from ..tasks.spec import TaskSpec
from .base import Detection, Device, Platform
from .token_steps import token_scores
from .torch_calls import run_model, streams
from .torch_loading import load_model

MAX_BATCH_SIZE = 32


class TorchPlatform(Platform):
    """Loads a checkpoint with its auto class and runs it eagerly on a torch device."""

    resources = ("torch", "transformers", "numpy")
    default_dtype: ClassVar[str] = "auto"
    """The default `dtype` of models; one of `DTYPES`."""

    @abstractmethod
    def devices(self, torch: Any) -> tuple[Device, ...]:
        """The devices that torch can use on this platform; empty if there are none."""

    @abstractmethod
    def free_memory(self, torch: Any, device: str) -> int:
        """Free bytes on `device`."""

    @abstractmethod
    def missing(self, torch: Any) -> str:
        """Why torch cannot use a device of this platform."""

    def detect(self) -> Detection:
        try:
            import torch
        except ImportError:
            return Detection(False, "torch is not installed")
        if devices := self.devices(torch):
            return Detection(True, devices=devices, version=torch.__version__)
        return Detection(False, self.missing(torch), version=torch.__version__)

    def load(
        self,
        checkpoint: str,
        spec: TaskSpec,
        device: str,
        resources: Mapping[str, Any],
        metadata: Mapping[str, Any],
    ) -> Any:
        """Load the model and put it on `device`.

        `metadata["dtype"]` is one of `DTYPES` (default: `default_dtype`), `device_map` and
        `attn_implementation` are passed to `from_pretrained`, `compile` compiles the model.
        With a device map, the model is not moved.

        Raises:
            ValueError: `metadata["dtype"]` is not in `DTYPES`.
        """
        options = {"dtype": self.default_dtype, **metadata}
        model = load_model(checkpoint, spec, resources, options)
        placed = metadata.get("device_map") or getattr(model, "hf_device_map", None)
        if not placed:  # some quantized checkpoints are placed already, and must not be moved
            model = model.to(device)
        if metadata.get("compile"):
            model.compile()
        return model

    def run(self, endpoint: Any, spec: TaskSpec, encoded: Encoded) -> dict[str, Any]:
        """Run the model; calls are serialised, because models store state of a call."""
        with lock_of(endpoint), PROCESS.shared(), as_it_was(endpoint):
            return run_model(endpoint, spec, encoded)

    def streams(self, endpoint: Any, spec: TaskSpec, encoded: Encoded) -> bool:
        return streams(endpoint, spec, encoded)

    def scores(
        self, endpoint: Any, spec: TaskSpec, encoded: Encoded, chosen: Sequence[Any] | None
    ) -> tuple[list[Any], list[Any]] | None:
        with lock_of(endpoint), PROCESS.shared():
            return token_scores(endpoint, spec, encoded, chosen)

    def config(self, endpoint: Any) -> Any:
        return endpoint.config

    def batch_size(self, endpoint: Any, device: str) -> int:
        import torch

        return rows_that_fit(endpoint, self.free_memory(torch, device))

    def is_out_of_memory(self, error: Exception) -> bool:
        import torch

        return isinstance(error, torch.OutOfMemoryError)


def rows_that_fit(model: Any, free_memory: int) -> int:
    """The batch size for half of `free_memory` (bytes), if an input is as large as the weights."""
    weights: int = sum(p.numel() * p.element_size() for p in model.parameters())
    return max(1, min(MAX_BATCH_SIZE, free_memory // 2 // max(weights, 1)))
