# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""The interface of a platform: detection of its runtime, loading and running of models.

Of a task, a platform uses only the auto class and the method to call.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

from ..tasks.encoded import Encoded
from ..tasks.spec import TaskSpec

REAL = "REAL"
"""The platform's own runtime on the platform's own device."""
Default = TypeVar("Default", str, None)
EMULATED = "EMULATED"
"""The platform's own runtime on another device."""
MOCK = "MOCK"
"""Mock outputs made from the registry entry; never counts as verified."""


class HardwareUnavailableError(RuntimeError):
    """A platform is unavailable; the message has the reason and how to install it."""

    def __init__(self, platform: str, reason: str, requirements: Sequence[str] = ()) -> None:
        self.platform = platform
        self.reason = reason
        self.install = " ".join(["pip install", *map(repr, requirements)]) if requirements else ""
        remedy = f" To install it: {self.install}" if self.install else ""
        super().__init__(f"{platform} is unavailable: {reason}.{remedy}")


@dataclass(frozen=True)
class Device:
    """A device of a runtime; `label` is the `device` argument of `init_<platform>`."""

    label: str
    name: str
    total_memory: int | None = None
    """Bytes; None if the runtime does not report it."""


@dataclass(frozen=True)
class Detection:
    """Result of the detection of a platform on this machine."""

    available: bool
    reason: str = ""
    """Why it is unavailable; empty if it is available."""
    devices: tuple[Device, ...] = ()
    version: str = ""
    """The runtime's version; empty if it is not installed."""


class Handler(Protocol):
    """The interface of endpoint handlers that platforms use."""

    spec: TaskSpec
    endpoint: Any
    processor: Any

    def __call__(self, inputs: Any, **parameters: Any) -> dict[str, Any]: ...


class Platform(ABC):
    """Base class of platforms; the subclass is named `PLATFORM` in the `handler` module."""

    resources: ClassVar[tuple[str, ...]] = ("transformers", "numpy")
    """Modules that the platform uses from the skillset's resources."""
    splits_columns: ClassVar[bool] = True
    """Whether labels and choices may run in portions; graphs of fixed shape need all at once."""
    exported_hint: ClassVar[str] = "pass it as --model on the device"
    """What to do with a folder that `export` wrote."""

    def __init__(self, name: str, facts: Mapping[str, Any]) -> None:
        """Create the platform, without importing its runtime or detecting devices.

        Args:
            name: its folder in `platforms/`.
            facts: its `platform.yml`, as in the package's `registry.json`.
        """
        self.name = name
        self.requirements: tuple[str, ...] = tuple(facts["requirements"])
        """Distributions that the platform needs beyond the package's own dependencies."""
        self.default_device: str = facts["default_device"]
        self.exact = "min_cosine" not in facts
        """Whether it computes in floating point; False if it quantizes."""
        self.reference: bool = facts.get("reference", False)
        """Whether it is the reference that other platforms are compared with."""

    @abstractmethod
    def detect(self) -> Detection:
        """Detect whether the runtime can run here, and its devices."""

    @abstractmethod
    def load(
        self,
        checkpoint: str,
        spec: TaskSpec,
        device: str,
        resources: Mapping[str, Any],
        metadata: Mapping[str, Any],
    ) -> Any:
        """Load `checkpoint` (hub id or local folder) for one task; returns the endpoint.

        Args:
            device: a label that `require` returned.
            resources: the modules `torch`, `transformers`, ... to use.
            metadata: the skillset's options.

        Raises:
            OSError: `checkpoint` is neither a local folder nor a model on the hub.
            ValueError: an option has an unknown value.
        """

    @abstractmethod
    def run(self, endpoint: Any, spec: TaskSpec, encoded: Encoded) -> dict[str, Any]:
        """Run one encoded batch; returns named outputs as numpy arrays (floats as float32).

        Several tensors under one name (such as hidden states) are nested lists or tuples of
        arrays; caches are omitted.
        """

    def scores(
        self, endpoint: Any, spec: TaskSpec, encoded: Encoded, chosen: Sequence[Any] | None
    ) -> tuple[list[Any], list[Any]] | None:
        """The scores that each token of `run` is chosen from.

        Args:
            chosen: tokens (rows,) to continue with instead of the highest-scoring ones, by step.

        Returns:
            Scores (rows, vocabulary size), float32, and tokens (rows,), by step; None if the
            platform or the model does not choose tokens one by one.
        """
        return None

    def evidence(self, handler: Handler) -> dict[str, Any]:
        """Evidence that the platform itself, not a fallback, runs the first sample.

        Returns:
            JSON-compatible facts for the record; `problem` if nothing ran on the platform.
        """
        return {}

    @abstractmethod
    def config(self, endpoint: Any) -> Any:
        """The configuration of the loaded model (attributes as in `config.json`)."""

    @abstractmethod
    def batch_size(self, endpoint: Any, device: str) -> int:
        """The number of inputs that fit into the device's free memory; at least 1."""

    def streams(self, endpoint: Any, spec: TaskSpec, encoded: Encoded) -> bool:
        """Whether `generate` accepts a streamer for this call, and its tokens are final."""
        return False

    def prepare(self, handler: Handler) -> None:  # noqa: B027 - optional hook
        """Called once when `handler` is complete: export and compile the model here."""

    def export(
        self,
        checkpoint: str,
        spec: TaskSpec,
        processor: Any,
        folder: Path,
        metadata: Mapping[str, Any],
    ) -> None:
        """Export for a device that cannot export itself; `folder` then serves as a checkpoint.

        Raises:
            NotImplementedError: the platform loads checkpoints as they are.
        """
        raise NotImplementedError(f"{self.name} loads checkpoints as they are: nothing to export")

    def is_out_of_memory(self, error: Exception) -> bool:
        """Whether `error` means that the batch exceeds the device's memory."""
        return isinstance(error, MemoryError)

    def release_memory(self) -> None:  # noqa: B027 - optional hook
        """Release device memory that the runtime caches."""

    def implementation_type(self, device: str) -> str:
        """`REAL`, or `EMULATED` on a device that is not the platform's own."""
        return REAL

    def require(self, device: str) -> str:
        """The label of the device that `device` refers to.

        `device` is a label from `detect`, or `<platform>` or `<platform>:<i>` for the
        first or the i-th device that `detect` lists.

        Raises:
            HardwareUnavailableError: the runtime or its device is missing.
            ValueError: the runtime is available but has no such device.
        """
        detection = self.detect()
        if not detection.available:
            raise HardwareUnavailableError(self.name, detection.reason, self.requirements)
        labels = [available.label for available in detection.devices]
        if device in labels:
            return device
        platform, _, index = device.partition(":")
        place = int(index) if index.isdecimal() else 0 if not index else -1
        if platform == self.name and 0 <= place < len(labels):
            return labels[place]
        raise ValueError(f"{self.name} has no device {device!r}; use one of: {', '.join(labels)}")


def stated_precision(
    metadata: Mapping[str, Any], names: Iterable[str], default: Default
) -> str | Default:
    """`metadata["precision"]`, one of `names`, or the default.

    Raises:
        ValueError: it is none of them.
    """
    precision: str | Default = metadata.get("precision", default)
    if precision not in (default, *names):
        raise ValueError(f"unknown precision {precision!r}; use one of: {', '.join(names)}")
    return precision
