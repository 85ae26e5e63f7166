# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""The skillset class of every model type: loads models, creates endpoints, tests itself."""

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

from .hub import CheckpointFiles, hub_options
from .initializers import handler_factory, initializer
from .loading import load_processor
from .mock import NAME as MOCK_NAME
from .mock import Mock, MockHandler
from .options import checked
from .platforms.base import Detection, HardwareUnavailableError, Platform
from .self_test.run import TestRecord, run_samples
from .serving.endpoint import Endpoint, EndpointHandler
from .sizes import Sizes, checkpoint_sizes
from .tasks.spec import TaskSpec

QUEUE_SIZE = 32
REFERENCE = "cpu"
"""The platform on which half precision was measured."""


def load_registry(package: str) -> dict[str, dict[str, Any]]:
    """The registry entry that a package ships, under its model type."""
    entry = json.loads(files(package).joinpath("registry.json").read_text("utf-8"))
    return {entry["model_type"]: entry}


class Skillset:
    """Base of the skillset class, which states `model_type`, `registry` and `package`."""

    model_type: ClassVar[str]
    registry: ClassVar[Mapping[str, Any]]
    package: ClassVar[str]
    """The package that contains the registry entry, tasks and platforms."""

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
                `export_dir`, ...); `task`: the default task of calls that specify none;
                and `fallback`: the platforms to try, in order, if the requested one is
                missing. `fallback` is empty by default: a missing platform raises.

        Raises:
            TypeError, ValueError: `metadata` is not a mapping, or an option of it is misspelt.
        """
        self.resources: dict[str, Any] = dict(resources or {})
        self.metadata: dict[str, Any] = checked(metadata)

    def __init_subclass__(cls) -> None:
        """Attach `init_<platform>` and `create_<platform>_<task name>_endpoint_handler`.

        Methods that the class defines itself are not replaced.
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
            ValueError: this model type does not have that task.
        """
        name = name or self.metadata.get("task")
        if name is None:
            return next(iter(self.tasks.values()))
        if name not in self.tasks:
            names = ", ".join(self.tasks)
            raise ValueError(f"{self.model_type} has no task {name!r}; it has: {names}")
        return self.tasks[name]

    @classmethod
    def platform(cls, name: str) -> Platform:
        """A platform of this package, imported on first use.

        Raises:
            ValueError: the package has no such platform.
        """
        available = cls.registry["platforms"]
        if name not in available:
            raise ValueError(f"unknown platform {name!r}; this package has: {', '.join(available)}")
        return load_platform(
            available[name]["code"], cls.package, name, json.dumps(available[name])
        )

    @classmethod
    def platforms(cls) -> dict[str, Platform]:
        """All platforms of this package, imported."""
        return {name: cls.platform(name) for name in cls.registry["platforms"]}

    @classmethod
    def detect_hardware(cls) -> dict[str, Detection]:
        """The detection result of each platform on this machine, by platform.

        Each states whether the platform can run here, why not, its devices, their memory
        (bytes) and the runtime's version.
        """
        return {name: platform.detect() for name, platform in cls.platforms().items()}

    def init(self, *modules: str) -> None:
        """Import the resources that were not injected: `torch`, `transformers`, `numpy`."""
        for name in modules or ("torch", "transformers", "numpy"):
            if name not in self.resources:
                self.resources[name] = import_module(name)

    def sizes(self, model: str, task: str | None = None) -> Sizes:
        """Parameters, memory and longest sequence of a checkpoint; no weights are loaded.

        Args:
            model: hub id or local folder.
            task: whose model class; None for the primary task.

        Raises:
            UnknownSizeError: there is no such checkpoint, or its configuration builds no model.
        """
        self.init()
        return checkpoint_sizes(model, self.task(task), self.resources, self.metadata)

    def open_endpoint(
        self, platform: str, model: str, device: str, label: str, task: str | None
    ) -> Endpoint:
        """Load `model` on `platform`, or on the first available one of `metadata["fallback"]`.

        Args:
            platform: name of a platform of this package.
            model: hub id or local folder.
            device: a label of the platform's runtime, or `<platform>:<i>`.
            label: a name for the hardware, repeated in each result.
            task: None for that of `metadata["task"]`, or else the primary one.

        Returns:
            `(endpoint, processor, handler, queue, batch_size)`.

        Raises:
            HardwareUnavailableError: the platform and every fallback are unavailable.
            ValueError: unknown task, platform or device.
            OSError: `model` is neither a local folder nor a model on the hub.
        """
        spec = self.task(task)
        chosen, device = self._available(self.platform(platform), device)
        self.init(*chosen.resources)
        metadata = in_dtype_that_runs(self.metadata, self.registry, chosen.name)
        endpoint = chosen.load(model, spec, device, self.resources, metadata)
        mocked = isinstance(chosen, Mock)
        spec = spec if mocked else self._spec_for(model, spec)
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
        """The handler of a loaded endpoint; `processor` is loaded if None."""
        spec, chosen = self.task(task), self.platform(platform)
        self.init(*chosen.resources)
        return EndpointHandler(
            platform=chosen,
            spec=self._spec_for(model, spec),
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
        """Export one task of `model` to `folder`, which runs without torch.

        On a device, `init_<platform>(folder, task=task)` runs it; a folder of `onnxruntime` has a
        README with the lines that do.

        Raises:
            HardwareUnavailableError: requirements of the export are not installed.
            NotImplementedError: the platform loads checkpoints as they are.
            ValueError: unknown task or platform.
        """
        chosen, spec = self.platform(platform), self.task(task)
        self.init("transformers", "numpy")
        Path(folder).mkdir(parents=True, exist_ok=True)
        processor = self._load_processor(model, spec)
        known = self._spec_for(model, spec)
        chosen.export(model, known, processor, Path(folder), self.metadata)
        self._spec_for(model, spec, copy_to=Path(folder))

    def _available(self, platform: Platform, device: str) -> tuple[Platform, str]:
        try:
            return platform, platform.require(device)
        except HardwareUnavailableError:
            for name in self.metadata.get("fallback", ()):
                fallback = Mock(self.registry) if name == MOCK_NAME else self.platform(name)
                if fallback.detect().available:
                    return fallback, fallback.default_device
            raise

    def _spec_for(self, model: str, spec: TaskSpec, copy_to: Path | None = None) -> TaskSpec:
        """The spec with what the checkpoint's own files say; `copy_to` gets the files."""
        transformers = self.resources["transformers"]
        files = CheckpointFiles(model, transformers, hub_options(self.metadata), copy_to)
        return spec.for_checkpoint(files.path_of, files.read_json)

    def _load_processor(self, model: str, spec: TaskSpec) -> Any:
        return load_processor(model, spec, self.resources["transformers"], self.metadata)

    def __test__(
        self,
        endpoint_model: str,
        endpoint_handler: EndpointHandler,
        endpoint_label: str,
        tokenizer: Any = None,
    ) -> TestRecord:
        """Run the handler on its task's sample inputs and check the results.

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
    """The metadata, with float32 in place of a dtype that fails according to the registry.

    This was measured on the CPU and applies only there.
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
    """Attach a method to a class, unless it has or inherits one of that name."""
    if not any(name in vars(base) for base in cls.__mro__):
        setattr(cls, name, method)


@cache
def load_platform(code: str, package: str, name: str, facts: str) -> Platform:
    """The platform in the module `code` of `package`; cached, one instance for all callers."""
    platform: Platform = import_module(code, package).PLATFORM(name, json.loads(facts))
    return platform
