"""The calls of a worker that runs skillsets, one after the other, and nothing else of it.

They are those of the public sources of ipfs_accelerate_py (worker/worker.py): modules are loaded
by path or taken from the resources, classes are created and initializers called by position, the
five values are unpacked, and a handler is called synchronously.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def converter(*arguments: Any, **named: Any) -> None:
    """The worker hands over functions of its own that convert models; nobody needs them."""
    raise AssertionError("a skillset called the worker's converter")


class Worker:
    """What a worker holds: for each model and label the five parts of an endpoint."""

    def __init__(
        self, resources: dict[str, Any], metadata: dict[str, Any], skillset: Path | None = None
    ) -> None:
        self.resources = resources
        self.metadata = metadata
        self.skillset = skillset
        self.endpoints: dict[str, dict[str, Any]] = {}
        self.handlers: dict[str, dict[str, Any]] = {}

    def load(self, model_type: str) -> Any:
        """The skillset of a model type: injected, or loaded by path as a top-level module."""
        name = f"hf_{model_type}"
        if name not in self.resources:
            assert self.skillset is not None
            spec = importlib.util.spec_from_file_location(name, self.skillset / f"{name}.py")
            assert spec is not None and spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            self.resources[name] = getattr(module, name)(self.resources, self.metadata)
        return self.resources[name]

    def open(self, model: str, model_type: str, platform: str) -> Any:
        """The handler of a model on a platform; its other parts are kept."""
        skillset = self.load(model_type)
        label = "cpu" if platform == "cpu" else f"{platform}:0"
        four = (converter,) * 4
        arguments: dict[str, Sequence[Any]] = {
            "cpu": (model, model_type, label),
            "openvino": (model, model_type, label, label, *four),
        }
        given = arguments.get(platform, (model, label, label))
        endpoint, processor, handler, queue, batch_size = getattr(skillset, f"init_{platform}")(
            *given
        )
        self.endpoints.setdefault(model, {})[label] = endpoint, processor, queue, batch_size
        self.handlers.setdefault(model, {})[label] = handler
        return handler
