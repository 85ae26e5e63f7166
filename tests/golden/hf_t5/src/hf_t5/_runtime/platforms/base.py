# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""What a platform is: whether its runtime is there, how it loads a checkpoint, how it runs one.

A platform knows nothing about tasks beyond the auto class and "forward or generate".
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

from ..tasks.encoded import Encoded
from ..tasks.spec import TaskSpec

REAL = "REAL"
"""The platform's own runtime on the platform's own device."""
EMULATED = "EMULATED"
"""The platform's own runtime on another device."""
MOCK = "MOCK"
"""Made from the registry entry; never counts as verified."""


class HardwareUnavailableError(RuntimeError):
    """A platform cannot run here. Says why, and what would make it run."""

    def __init__(self, platform: str, reason: str, requirements: Sequence[str] = ()) -> None:
        self.platform = platform
        self.reason = reason
        self.install = " ".join(["pip install", *map(repr, requirements)]) if requirements else ""
        remedy = f" To install it: {self.install}" if self.install else ""
        super().__init__(f"{platform} is unavailable: {reason}.{remedy}")


@dataclass(frozen=True)
class Device:
    """A device as its runtime names it. `label` is what `init_<platform>` accepts."""

    label: str
    name: str
    total_memory: int | None = None
    """Bytes; None where the runtime does not say."""


@dataclass(frozen=True)
class Detection:
    """What a platform's runtime said about this machine."""

    available: bool
    reason: str = ""
    """Why it is unavailable; empty when it is available."""
    devices: tuple[Device, ...] = ()
    version: str = ""
    """The runtime's version; empty when it is not installed."""


class Handler(Protocol):
    """What a platform sees of the endpoint handler that it prepares."""

    spec: TaskSpec
    endpoint: Any
    processor: Any

    def __call__(self, inputs: Any, **parameters: Any) -> dict[str, Any]: ...


class Platform(ABC):
    """What every platform provides: a subclass, named `PLATFORM` in its `handler` module."""

    resources: ClassVar[tuple[str, ...]] = ("transformers", "numpy")
    """Modules that the platform takes from the skillset's resources."""

    def __init__(self, name: str, facts: Mapping[str, Any]) -> None:
        """Create the platform; nothing is imported and no device is asked yet.

        Args:
            name: the folder of `platforms/` that it comes from.
            facts: its `platform.yml`, as the package's `registry.json` has it.
        """
        self.name = name
        self.requirements: tuple[str, ...] = tuple(facts["requirements"])
        """Distributions that the platform needs beyond the package's own dependencies."""
        self.default_device: str = facts["default_device"]
        self.exact = "min_cosine" not in facts
        """Whether it computes in floating point; False where it quantizes."""
        self.reference: bool = facts.get("reference", False)
        """Whether others are compared with it."""

    @abstractmethod
    def detect(self) -> Detection:
        """Ask the runtime whether it can run here, and on which devices."""

    @abstractmethod
    def load(
        self,
        checkpoint: str,
        spec: TaskSpec,
        device: str,
        resources: Mapping[str, Any],
        metadata: Mapping[str, Any],
    ) -> Any:
        """Load `checkpoint` (hub id or local folder) for one task; returns the endpoint."""

    @abstractmethod
    def run(self, endpoint: Any, spec: TaskSpec, encoded: Encoded) -> dict[str, Any]:
        """Run one encoded batch; named outputs as numpy arrays (floats as float32)."""

    def scores(
        self, endpoint: Any, spec: TaskSpec, encoded: Encoded, chosen: Sequence[Any] | None
    ) -> tuple[list[Any], list[Any]] | None:
        """What each token that `run` generates is chosen from.

        Args:
            chosen: tokens (rows,) to go on with in place of those with the highest scores, by step.

        Returns:
            Scores (rows, tokens) and tokens (rows,), by step; None where the platform or the
            model does not choose one token after the other.
        """
        return None

    def evidence(self, handler: Handler) -> dict[str, Any]:
        """What shows that the platform, not something in its place, runs the first sample.

        Returns:
            JSON-compatible facts for the record; `problem` where nothing ran on the platform.
        """
        return {}

    @abstractmethod
    def config(self, endpoint: Any) -> Any:
        """The configuration of the loaded model (attributes as in `config.json`)."""

    @abstractmethod
    def batch_size(self, endpoint: Any, device: str) -> int:
        """How many inputs fit into the device's free memory at once; at least 1."""

    def streams(self, endpoint: Any, spec: TaskSpec, encoded: Encoded) -> bool:
        """Whether `generate` takes a streamer for this call, and its tokens are final."""
        return False

    def prepare(self, handler: Handler) -> None:  # noqa: B027 - most need nothing
        """Called once when `handler` is complete: export and compile here what can be."""

    def export(
        self,
        checkpoint: str,
        spec: TaskSpec,
        processor: Any,
        folder: Path,
        metadata: Mapping[str, Any],
    ) -> None:
        """Write what runs on a device that cannot export to `folder`, a checkpoint from then on.

        Raises:
            NotImplementedError: the platform loads checkpoints as they are.
        """
        raise NotImplementedError(f"{self.name} loads checkpoints as they are: nothing to export")

    def is_out_of_memory(self, error: Exception) -> bool:
        """Whether `error` says that the batch is too large for the device's memory."""
        return isinstance(error, MemoryError)

    def release_memory(self) -> None:  # noqa: B027 - most need nothing
        """Give the device what the runtime keeps of its memory without using it."""

    def implementation_type(self, device: str) -> str:
        """`REAL` unless `device` is not the platform's own."""
        return REAL

    def require(self, device: str) -> str:
        """The label of the device that `device` names; raises where there is none.

        `device` is a label as `detect` gives it, or `<platform>` or `<platform>:<i>` for the
        first or the i-th device that `detect` lists.

        Raises:
            HardwareUnavailableError: the runtime or its device is missing.
            ValueError: the runtime is there and knows no such device.
        """
        detection = self.detect()
        if not detection.available:
            raise HardwareUnavailableError(self.name, detection.reason, self.requirements)
        labels = [known.label for known in detection.devices]
        if device in labels:
            return device
        platform, _, index = device.partition(":")
        place = int(index) if index.isdecimal() else 0 if not index else -1
        if platform == self.name and 0 <= place < len(labels):
            return labels[place]
        raise ValueError(f"{self.name} has no device {device!r}; use one of: {', '.join(labels)}")
