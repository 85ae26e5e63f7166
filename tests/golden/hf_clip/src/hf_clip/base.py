"""What a skillset does for every model type: load a model, hand out endpoints, test itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from functools import cached_property
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

from .endpoint import Endpoint, EndpointHandler
from .mock import Mock, MockHandler
from .platforms import Detection, HardwareUnavailableError, Platform, discover
from .self_test import TestRecord, run_samples
from .tasks import TaskSpec

QUEUE_SIZE = 32
PROCESSOR_AUTO_CLASSES = {
    "tokenizer": "AutoTokenizer",
    "image_processor": "AutoImageProcessor",
    "feature_extractor": "AutoFeatureExtractor",
    "video_processor": "AutoVideoProcessor",
    "processor": "AutoProcessor",
}


def load_registry() -> dict[str, dict[str, Any]]:
    """The registry entry that this package ships, under its model type."""
    entry = json.loads(files(__package__).joinpath("registry.json").read_text("utf-8"))
    return {entry["model_type"]: entry}


class Skillset:
    """Base of the skillset class, which states `model_type` and `registry`."""

    model_type: ClassVar[str]
    registry: ClassVar[Mapping[str, Any]]

    def __init__(
        self,
        resources: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        """Create a skillset; nothing heavy is imported yet.

        Args:
            resources: modules to use instead of importing them: `torch`, `transformers`,
                `numpy`.
            metadata: options of the platforms (`dtype`, `compile`, ...) and `fallback`: the
                platforms to try, in order, when the one asked for is missing. It is empty
                by default: a missing platform raises.
        """
        self.resources: dict[str, Any] = dict(resources or {})
        self.metadata: dict[str, Any] = dict(metadata or {})

    def __init_subclass__(cls) -> None:
        """Attach `init_<platform>` and `create_<platform>_<task name>_endpoint_handler`."""
        super().__init_subclass__()
        for name, module in discover().items():
            setattr(cls, f"init_{name}", getattr(module, f"init_{name}"))
            for task, entry in cls.registry["tasks"].items():
                method = f"create_{name}_{entry['handler_name']}_endpoint_handler"
                setattr(cls, method, handler_factory(module.PLATFORM, task))

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"{type(self).__name__} has no {name!r}. It has the platforms"
            f" {', '.join(discover())} and the tasks {', '.join(self.registry['tasks'])};"
            " `hooks/insert_handlers.py PACKAGE --add PLATFORM` adds a platform."
        )

    @cached_property
    def tasks(self) -> dict[str, TaskSpec]:
        """The tasks of this model type, primary first."""
        return {
            name: TaskSpec.from_registry(name, entry)
            for name, entry in self.registry["tasks"].items()
        }

    def task(self, name: str | None = None) -> TaskSpec:
        """One task by name; the primary one by default.

        Raises:
            ValueError: this model type does not do that task.
        """
        if name is None:
            return next(iter(self.tasks.values()))
        if name not in self.tasks:
            known = ", ".join(self.tasks)
            raise ValueError(f"{self.model_type} has no task {name!r}; it has: {known}")
        return self.tasks[name]

    def init(self, *modules: str) -> None:
        """Import what was not injected: `torch`, `transformers` and `numpy` by default."""
        for name in modules or ("torch", "transformers", "numpy"):
            if name not in self.resources:
                self.resources[name] = import_module(name)

    def open_endpoint(
        self, platform: Platform, model: str, device: str, label: str, task: str | None
    ) -> Endpoint:
        """Load `model` on `platform`, or on the first of `metadata["fallback"]` that is there.

        Returns:
            `(endpoint, processor, handler, queue, batch_size)`.

        Raises:
            HardwareUnavailableError: the platform and every fallback are missing here.
            ValueError: unknown task, platform or device.
            OSError: `model` is neither a local folder nor a model on the hub.
        """
        spec = self.task(task)
        platform, device = self._available(platform, device)
        self.init(*platform.resources)
        endpoint = platform.load(model, spec, device, self.resources, self.metadata)
        stands_in = isinstance(platform, Mock)
        handler = (MockHandler if stands_in else EndpointHandler)(
            platform=platform,
            spec=spec,
            model_type=self.model_type,
            endpoint=endpoint,
            processor=None if stands_in else self._load_processor(model, spec),
            device=device,
            hardware_label=label,
            batch_size=platform.batch_size(endpoint, device),
        )
        platform.prepare(handler)
        queue: asyncio.Queue[Any] = asyncio.Queue(QUEUE_SIZE)
        return Endpoint(endpoint, handler.processor, handler, queue, handler.batch_size)

    def export(
        self, platform: str, model: str, folder: str | Path, task: str | None = None
    ) -> None:
        """Write one task of `model` to `folder`, for a device that cannot export by itself.

        There, `init_<platform>(folder, task=task)` runs it.

        Raises:
            HardwareUnavailableError: what exporting needs is not installed.
            NotImplementedError: the platform loads checkpoints as they are.
            ValueError: unknown task or platform.
        """
        chosen, spec = platform_named(platform), self.task(task)
        self.init("transformers", "numpy")
        Path(folder).mkdir(parents=True, exist_ok=True)
        chosen.export(model, spec, self._load_processor(model, spec), Path(folder))

    def _available(self, platform: Platform, device: str) -> tuple[Platform, str]:
        try:
            platform.require(device)
            return platform, device
        except HardwareUnavailableError:
            for name in self.metadata.get("fallback", ()):
                fallback = Mock(self.registry) if name == Mock.name else platform_named(name)
                if fallback.detect().available:
                    return fallback, fallback.default_device
            raise

    def _load_processor(self, model: str, spec: TaskSpec) -> Any:
        if spec.processor == "none":
            return None
        transformers = self.resources["transformers"]
        auto_class = getattr(transformers, PROCESSOR_AUTO_CLASSES[spec.processor])
        processor = auto_class.from_pretrained(model, trust_remote_code=False)
        if tuple(spec.inputs) == ("audio",) and hasattr(processor, "convert_tokens_to_ids"):
            # No class combines this type's parts: AutoProcessor gave the tokenizer alone.
            extractor = transformers.AutoFeatureExtractor.from_pretrained(model)
            return SimpleNamespace(tokenizer=processor, feature_extractor=extractor)
        return processor

    def __test__(
        self,
        endpoint_model: str,
        endpoint_handler: EndpointHandler,
        endpoint_label: str,
        tokenizer: Any = None,
    ) -> TestRecord:
        """Run the handler on its task's sample inputs and check what comes back.

        Args:
            endpoint_model: the checkpoint behind the handler; part of the record.
            endpoint_handler: what `init_<platform>` or a factory method returned.
            endpoint_label: a name for the hardware; part of the record.
            tokenizer: a processor to use in place of the handler's own.
        """
        if tokenizer is not None:
            endpoint_handler.processor = tokenizer
        return run_samples(endpoint_handler, endpoint_model, endpoint_label)


def detect_hardware() -> dict[str, Detection]:
    """What each platform's runtime says about this machine, by platform.

    Each answer says whether the platform can run here, why not, and names its devices, their
    memory (bytes) and the runtime's version.
    """
    return {name: module.PLATFORM.detect() for name, module in discover().items()}


def platform_named(name: str) -> Platform:
    """A platform of this package.

    Raises:
        ValueError: the package has no such platform.
    """
    if name not in discover():
        raise ValueError(f"no platform {name!r} here; there are: {', '.join(discover())}")
    platform: Platform = discover()[name].PLATFORM
    return platform


def handler_factory(platform: Platform, task: str) -> Callable[..., EndpointHandler]:
    """The method that makes the handler of one task on one platform."""

    def create(
        self: Skillset,
        endpoint_model: str,
        device: str,
        hardware_label: str,
        endpoint: Any = None,
        tokenizer: Any = None,
    ) -> EndpointHandler:
        """Make the handler; `endpoint` (a loaded model) and `tokenizer` are loaded if not given."""
        spec = self.task(task)
        if endpoint is None:
            handler = self.open_endpoint(
                platform, endpoint_model, device, hardware_label, task
            ).handler
            handler.processor = tokenizer or handler.processor
            return handler
        self.init(*platform.resources)
        return EndpointHandler(
            platform=platform,
            spec=spec,
            model_type=self.model_type,
            endpoint=endpoint,
            processor=tokenizer or self._load_processor(endpoint_model, spec),
            device=device,
            hardware_label=hardware_label,
            batch_size=platform.batch_size(endpoint, device),
        )

    return create
