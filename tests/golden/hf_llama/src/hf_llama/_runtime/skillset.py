# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""What a skillset does for every model type: load a model, hand out endpoints, test itself."""

from __future__ import annotations

import asyncio
import json
import warnings
from collections.abc import Mapping
from functools import cache, cached_property
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any, ClassVar

from .initializers import handler_factory, initializer
from .loading import load_processor
from .mock import NAME as MOCK_NAME
from .mock import Mock, MockHandler
from .platforms.base import Detection, HardwareUnavailableError, Platform
from .self_test.run import TestRecord, run_samples
from .serving.endpoint import Endpoint, EndpointHandler
from .tasks.spec import TaskSpec

QUEUE_SIZE = 32
REFERENCE = "cpu"
"""The platform that half precision was measured on."""


def load_registry(package: str) -> dict[str, dict[str, Any]]:
    """The registry entry that a package ships, under its model type."""
    entry = json.loads(files(package).joinpath("registry.json").read_text("utf-8"))
    return {entry["model_type"]: entry}


class Skillset:
    """Base of the skillset class, which states `model_type`, `registry` and `package`."""

    model_type: ClassVar[str]
    registry: ClassVar[Mapping[str, Any]]
    package: ClassVar[str]
    """The package that the registry entry, its tasks and its platforms lie in."""

    def __init__(
        self,
        resources: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        """Create a skillset; nothing heavy is imported yet.

        Args:
            resources: modules to use instead of importing them: `torch`, `transformers`,
                `numpy`.
            metadata: options of loading (`token`, `revision`, `cache_dir`, see
                docs/handlers.md), options of the platforms (`dtype`, `compile`,
                `export_dir`, ...); `task`: the task where a call names none, for callers that
                cannot; and `fallback`: the platforms to try, in order, when the one asked for
                is missing. It is empty by default: a missing platform raises.
        """
        self.resources: dict[str, Any] = dict(resources or {})
        self.metadata: dict[str, Any] = dict(metadata or {})

    def __init_subclass__(cls) -> None:
        """Attach `init_<platform>` and `create_<platform>_<task name>_endpoint_handler`.

        What a class defines itself stays as it is.
        """
        super().__init_subclass__()
        for platform, facts in cls.registry["platforms"].items():
            init = initializer(
                platform, facts["default_device"], facts.get("takes_model_type", False)
            )
            attach(cls, init.__name__, init)
            for task, entry in cls.registry["tasks"].items():
                for made in (entry["handler_name"], *entry.get("further_handler_names", ())):
                    name = f"create_{platform}_{made}_endpoint_handler"
                    attach(cls, name, handler_factory(platform, task, name))

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"{type(self).__name__} has no {name!r}. It has the platforms"
            f" {', '.join(self.registry['platforms'])} and the tasks"
            f" {', '.join(self.registry['tasks'])};"
            " `hooks/insert_handlers.py PACKAGE --add PLATFORM` adds a platform."
        )

    @cached_property
    def tasks(self) -> dict[str, TaskSpec]:
        """The tasks of this model type, primary first."""
        return {
            name: TaskSpec.from_registry(name, entry, self.package)
            for name, entry in self.registry["tasks"].items()
        }

    def task(self, name: str | None = None) -> TaskSpec:
        """One task by name; by default that of `metadata["task"]`, or else the primary one.

        Raises:
            ValueError: this model type does not do that task.
        """
        name = name or self.metadata.get("task")
        if name is None:
            return next(iter(self.tasks.values()))
        if name not in self.tasks:
            known = ", ".join(self.tasks)
            raise ValueError(f"{self.model_type} has no task {name!r}; it has: {known}")
        return self.tasks[name]

    @classmethod
    def platform(cls, name: str) -> Platform:
        """A platform of this package, imported when it is first asked for.

        Raises:
            ValueError: the package has no such platform.
        """
        known = cls.registry["platforms"]
        if name not in known:
            raise ValueError(f"no platform {name!r} here; there are: {', '.join(known)}")
        return load_platform(known[name]["code"], cls.package, name, json.dumps(known[name]))

    @classmethod
    def platforms(cls) -> dict[str, Platform]:
        """All platforms of this package, imported."""
        return {name: cls.platform(name) for name in cls.registry["platforms"]}

    @classmethod
    def detect_hardware(cls) -> dict[str, Detection]:
        """What each platform's runtime says about this machine, by platform.

        Each answer says whether the platform can run here, why not, and names its devices,
        their memory (bytes) and the runtime's version.
        """
        return {name: platform.detect() for name, platform in cls.platforms().items()}

    def init(self, *modules: str) -> None:
        """Import what was not injected: `torch`, `transformers` and `numpy` by default."""
        for name in modules or ("torch", "transformers", "numpy"):
            if name not in self.resources:
                self.resources[name] = import_module(name)

    def open_endpoint(
        self, platform: str, model: str, device: str, label: str, task: str | None
    ) -> Endpoint:
        """Load `model` on `platform`, or on the first of `metadata["fallback"]` that is there.

        Args:
            platform: name of a platform of this package.
            model: hub id or local folder.
            device: as the platform's runtime names it, or `<platform>:<i>`.
            label: a name for the hardware, repeated in each result.
            task: None takes that of `metadata["task"]`, or else the primary one.

        Returns:
            `(endpoint, processor, handler, queue, batch_size)`.

        Raises:
            HardwareUnavailableError: the platform and every fallback are missing here.
            ValueError: unknown task, platform or device.
            OSError: `model` is neither a local folder nor a model on the hub.
        """
        spec = self.task(task)
        chosen, device = self._available(self.platform(platform), device)
        self.init(*chosen.resources)
        metadata = in_dtype_that_runs(self.metadata, self.registry, chosen.name)
        endpoint = chosen.load(model, spec, device, self.resources, metadata)
        mocked = isinstance(chosen, Mock)
        handler = (MockHandler if mocked else EndpointHandler)(
            platform=chosen,
            spec=spec,
            model_type=self.model_type,
            endpoint=endpoint,
            processor=None if mocked else self._load_processor(model, spec),
            device=device,
            hardware_label=label,
            batch_size=chosen.batch_size(endpoint, device),
        )
        chosen.prepare(handler)
        queue: asyncio.Queue[Any] = asyncio.Queue(QUEUE_SIZE)
        return Endpoint(endpoint, handler.processor, handler, queue, handler.batch_size)

    def handler_of(
        self,
        platform: str,
        model: str,
        device: str,
        label: str,
        task: str,
        endpoint: Any,
        processor: Any = None,
    ) -> EndpointHandler:
        """The handler of an endpoint that is loaded already; `processor` is loaded if None."""
        spec, chosen = self.task(task), self.platform(platform)
        self.init(*chosen.resources)
        return EndpointHandler(
            platform=chosen,
            spec=spec,
            model_type=self.model_type,
            endpoint=endpoint,
            processor=spec.adapted(processor) or self._load_processor(model, spec),
            device=device,
            hardware_label=label,
            batch_size=chosen.batch_size(endpoint, device),
        )

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
        chosen, spec = self.platform(platform), self.task(task)
        self.init("transformers", "numpy")
        Path(folder).mkdir(parents=True, exist_ok=True)
        processor = self._load_processor(model, spec)
        chosen.export(model, spec, processor, Path(folder), self.metadata)

    def _available(self, platform: Platform, device: str) -> tuple[Platform, str]:
        try:
            return platform, platform.require(device)
        except HardwareUnavailableError:
            for name in self.metadata.get("fallback", ()):
                fallback = Mock(self.registry) if name == MOCK_NAME else self.platform(name)
                if fallback.detect().available:
                    return fallback, fallback.default_device
            raise

    def _load_processor(self, model: str, spec: TaskSpec) -> Any:
        return load_processor(model, spec, self.resources["transformers"], self.metadata)

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
            endpoint_handler.processor = endpoint_handler.spec.adapted(tokenizer)
        return run_samples(endpoint_handler, endpoint_model, endpoint_label)


def in_dtype_that_runs(
    metadata: Mapping[str, Any], registry: Mapping[str, Any], platform: str
) -> Mapping[str, Any]:
    """The metadata with float32 in place of a dtype of which the registry knows that it fails.

    It was measured on the CPU, and counts there alone.
    """
    dtype = metadata.get("dtype")
    measured = registry.get("half_precision", {}).get(dtype, {})
    if platform != REFERENCE or measured.get("runs", True):
        return metadata
    warnings.warn(
        f"{registry['model_type']} does not run in {dtype} on the CPU ({measured['error']});"
        " it is loaded in float32",
        RuntimeWarning,
        stacklevel=4,
    )
    return {**metadata, "dtype": "float32"}


def attach(cls: type[Skillset], name: str, method: Any) -> None:
    """Give a class a method, unless it or a class that it derives from has one of that name."""
    if not any(name in vars(base) for base in cls.__mro__):
        setattr(cls, name, method)


@cache
def load_platform(code: str, package: str, name: str, facts: str) -> Platform:
    """The platform in the module `code` of `package`; one instance for all that ask."""
    platform: Platform = import_module(code, package).PLATFORM(name, json.loads(facts))
    return platform
