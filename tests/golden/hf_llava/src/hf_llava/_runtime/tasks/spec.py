# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""One task of a model type, as the package's `registry.json` states it.

The task's own module has `encode` and `decode`. `encode(items, processor, config, **parameters)`
turns a batch of inputs into the model's named tensors, `decode(outputs, encoded, processor, config,
**parameters)` turns the model's outputs into one result per input. Neither knows where the model
runs. Where the model runs several times for a batch, `encode` gives a list of `Encoded`, and
`decode` gets that list and a list of outputs. A task that treats some model types in a way of
their own takes `facts` besides: what `registry.json` says about this one. A task of several media
takes `kinds`: the kinds of input that this model takes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
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
    """The auto class that loads the model; a model class where no auto class does."""
    handler_name: str
    pipeline: str | None
    """The transformers pipeline that does the same; None where there is none."""
    processor: str
    run: str
    """`forward`, `generate` or the name of another method of the model."""
    handler_params: Mapping[str, Mapping[str, Any]]
    output: Mapping[str, Any]
    samples: tuple[Any, ...]
    tolerance: float
    code: str
    """The task's module; one that begins with a dot is relative to `package`."""
    package: str
    sample_params: Mapping[str, Any] = field(default_factory=dict)
    effects: Mapping[str, Any] = field(default_factory=dict)
    """Parameters with a value that changes the result of some sample."""
    oracle: str | None = None
    """How the pipeline takes a sample, where it gives what the handler gives: `as it is`,
    `recording`."""
    generation_defaults: Mapping[str, Any] = field(default_factory=dict)
    """Options of `generate` for what neither the caller nor the checkpoint sets."""
    pads: bool = True
    """False where inputs of different length cannot share a batch."""
    draws: bool = False
    """Whether the model draws random numbers although nobody asked it to sample."""
    inputs: Sequence[str] = ()
    """What goes in, by kind: text, image, audio, ..."""
    arguments: Sequence[str] = ()
    """What several positional arguments of a handler are; empty where it takes one input."""
    sample_files: str = "samples"
    """The folder of the files that samples name, in `package`."""
    adapter: str | None = None
    """`module.Class` of this package that the processor is called through, if any."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What the task's code must know about this model type; empty where it needs nothing."""

    @classmethod
    def from_registry(cls, name: str, entry: Mapping[str, Any], package: str) -> TaskSpec:
        """The spec of one entry of the registry's `tasks`; other keys of it are left aside."""
        known = {field.name for field in fields(cls)}
        given = {key: value for key, value in entry.items() if key in known}
        return cls(name=name, package=package, **{**given, "samples": tuple(entry["samples"])})

    @property
    def module(self) -> ModuleType:
        """The task's own module, imported when it is first used."""
        return import_module(self.code, self.package)

    @property
    def sample_folder(self) -> Path:
        """The folder of the files that samples name."""
        return Path(str(files(self.package))) / self.sample_files

    def adapted(self, processor: Any) -> Any:
        """The processor as the task calls it."""
        if self.adapter is None or processor is None:
            return processor
        module, _, name = self.adapter.partition(".")
        adapter = getattr(import_module(f".{module}", __package__), name)
        return processor if isinstance(processor, adapter) else adapter(processor)

    def named(
        self, values: Sequence[Any], parameters: Mapping[str, Any]
    ) -> tuple[Any, dict[str, Any]]:
        """Several positional arguments as one input and the parameters.

        Raises:
            TypeError: the task takes one input, or not as many arguments, or one of them twice.
        """
        if len(values) != len(self.arguments):
            takes = f"({', '.join(self.arguments)})" if self.arguments else "one input"
            raise TypeError(f"{self.name} got {len(values)} positional arguments; it takes {takes}")
        given = dict(zip(self.arguments, values))
        of_task = {name: given[name] for name in given if name in self.handler_params}
        if twice := sorted(set(of_task) & set(parameters)):
            raise TypeError(f"{self.name} got {twice[0]!r} by position and by name")
        rest = {name: value for name, value in given.items() if name not in of_task}
        return rest.get("input", rest), {**of_task, **parameters}

    def parameters(self, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Split the caller's parameters between `encode` and `decode`, with `facts` and `kinds`.

        `rows_pad` is whether rows of different length may share a call.

        Raises:
            TypeError: a parameter that the task does not have, or a required one missing.
        """
        if unknown := sorted(set(given) - set(self.handler_params)):
            known = ", ".join(sorted(self.handler_params)) or "none"
            raise TypeError(f"{self.name} has no parameter {unknown[0]!r}; it has: {known}")
        required = {name for name, param in self.handler_params.items() if param["required"]}
        if missing := sorted(required - set(given)):
            raise TypeError(f"{self.name} needs the parameter {missing[0]!r}")
        handed = {**given, "facts": self.facts, "kinds": self.inputs, "rows_pad": self.pads}
        encode, decode = (
            {name: value for name, value in handed.items() if name in signature(step).parameters}
            for step in (self.module.encode, self.module.decode)
        )
        return encode, decode
