# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""One task of a model type, as the package's `registry.json` states it.

The task's own module has `encode` and `decode`. `encode(items, processor, config, **parameters)`
turns a batch of inputs into the model's named tensors, `decode(outputs, encoded, processor, config,
**parameters)` turns the model's outputs into one result per input. Both are independent of the
platform. If the model runs several times for a batch, `encode` returns a list of `Encoded`, and
`decode` receives that list and a list of outputs. A task that depends on facts about the model
type has a parameter `facts`: those of `registry.json`. A task of several modalities has a
parameter `kinds`: the modalities that this model accepts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from importlib import import_module
from importlib.resources import files
from inspect import signature
from pathlib import Path
from types import ModuleType
from typing import Any


@dataclass(frozen=True)
class TaskSpec:
    """One task of a model type: how it is loaded, run, called and tested."""

    name: str
    auto_class: str
    """The auto class that loads the model, or a model class if no auto class does."""
    handler_name: str
    pipeline: str | None
    """The equivalent transformers pipeline; None if there is none."""
    processor: str
    run: str
    """The method of the model to call: `forward`, `generate` or another name."""
    handler_params: Mapping[str, Mapping[str, Any]]
    output: Mapping[str, Any]
    samples: tuple[Any, ...]
    tolerance: float
    code: str
    """The task's module; one that begins with a dot is relative to `package`."""
    package: str
    sample_params: Mapping[str, Any] = field(default_factory=dict)
    effects: Mapping[str, Any] = field(default_factory=dict)
    """Parameter -> a value that changes the result of at least one sample."""
    variations: Sequence[Mapping[str, Any]] = ()
    """Sets of parameters: the result is the pipeline's, or the last one changes it."""
    oracle: str | None = None
    """How samples are passed to a pipeline with equal results: `as it is` or `recording`."""
    generation_defaults: Mapping[str, Any] = field(default_factory=dict)
    """Default options of `generate` if neither the caller nor the checkpoint sets them."""
    pads: bool = True
    """False if inputs of different length cannot share a batch."""
    draws: bool = False
    """Whether the model draws random numbers even without sampling."""
    inputs: Sequence[str] = ()
    """The modalities of the input: text, image, audio, ..."""
    arguments: Sequence[str] = ()
    """Names of several positional arguments of a handler; empty if it has one input."""
    sample_files: str = "samples"
    """The folder of the samples' files, relative to `package`."""
    adapter: str | None = None
    """`module.Class` of this package that wraps the processor, if any."""
    checkpoint_facts: str | None = None
    """`module.function` of this package that reads facts from a checkpoint's files, if any."""
    tensors: Mapping[str, Any] = field(default_factory=dict)
    """`input` and `output`: name -> dtype and shape (numbers and symbols), where measured."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Facts about this model type, and the checkpoint, that the task's code needs."""

    @classmethod
    def from_registry(cls, name: str, entry: Mapping[str, Any], package: str) -> TaskSpec:
        """The spec of one entry of the registry's `tasks`; unknown keys are ignored."""
        field_names = {field.name for field in fields(cls)}
        given = {key: value for key, value in entry.items() if key in field_names}
        return cls(name=name, package=package, **{**given, "samples": tuple(entry["samples"])})

    @property
    def module(self) -> ModuleType:
        """The task's module, imported on first use."""
        return import_module(self.code, self.package)

    @property
    def sample_folder(self) -> Path:
        """The path of the folder of the samples' files."""
        return Path(str(files(self.package))) / self.sample_files

    def adapted(self, processor: Any) -> Any:
        """The processor, in its wrapper class if the task has one."""
        if self.adapter is None or processor is None:
            return processor
        adapter = named_object(self.adapter)
        return processor if isinstance(processor, adapter) else adapter(processor)

    def for_checkpoint(
        self, path_of: Callable[[str], Path | None], read_json: Callable[[str], Any]
    ) -> TaskSpec:
        """The spec with what the checkpoint's own files say, read by the two functions."""
        if self.checkpoint_facts is None:
            return self
        read = named_object(self.checkpoint_facts)(path_of, read_json)
        return replace(self, facts={**self.facts, **read})

    def named(
        self, values: Sequence[Any], parameters: Mapping[str, Any]
    ) -> tuple[Any, dict[str, Any]]:
        """Several positional arguments as one input and the parameters.

        Raises:
            TypeError: a wrong number of positional arguments, or an argument passed twice.
        """
        if len(values) != len(self.arguments):
            takes = f"({', '.join(self.arguments)})" if self.arguments else "one input"
            raise TypeError(f"{self.name} got {len(values)} positional arguments; expected {takes}")
        given = dict(zip(self.arguments, values))
        of_task = {name: given[name] for name in given if name in self.handler_params}
        if twice := sorted(set(of_task) & set(parameters)):
            raise TypeError(f"{self.name} got {twice[0]!r} both by position and by name")
        rest = {name: value for name, value in given.items() if name not in of_task}
        return rest.get("input", rest), {**of_task, **parameters}

    def parameters(self, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Split the caller's parameters between `encode` and `decode`, with `facts` and `kinds`.

        `rows_pad` is whether rows of different length may share a call.

        Raises:
            TypeError: an unknown parameter, or a required one is missing.
        """
        if unknown := sorted(set(given) - set(self.handler_params)):
            names = ", ".join(sorted(self.handler_params)) or "none"
            raise TypeError(f"{self.name} has no parameter {unknown[0]!r}; it has: {names}")
        required = {name for name, param in self.handler_params.items() if param["required"]}
        if missing := sorted(required - set(given)):
            raise TypeError(f"{self.name} needs the parameter {missing[0]!r}")
        handed = {**given, "facts": self.facts, "kinds": self.inputs, "rows_pad": self.pads}
        encode, decode = (
            {name: value for name, value in handed.items() if name in signature(step).parameters}
            for step in (self.module.encode, self.module.decode)
        )
        return encode, decode


def named_object(name: str) -> Any:
    """What `module.name` of this package is."""
    module, _, inner = name.partition(".")
    return getattr(import_module(f".{module}", __package__), inner)
