"""Handlers: one task on one platform, from a person's input to a result."""

from __future__ import annotations

import asyncio
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from .platforms.base import Platform
from .tasks.encoded import Encoded, pads
from .tasks.spec import TaskSpec


@dataclass
class EndpointHandler:
    """Runs one task on one platform: call it with an input, or with a list of inputs."""

    platform: Platform
    spec: TaskSpec
    model_type: str
    endpoint: Any
    processor: Any
    device: str
    hardware_label: str
    batch_size: int = 1

    def __call__(self, inputs: Any, **parameters: Any) -> dict[str, Any]:
        """Run the task.

        Args:
            inputs: one input of the task, or a list of them.
            parameters: the task's handler parameters (see `registry.json`).

        Returns:
            `result` in the form of the matching transformers pipeline (a list of such
            results for a list of inputs), with `implementation_type`, `device`,
            `hardware_label`, `model_type`, `task` and `elapsed_s` (seconds).

        Raises:
            TypeError, ValueError: the input or a parameter is not what the task takes.
        """
        started = time.perf_counter()
        encode_parameters, decode_parameters = self.spec.parameters(parameters)
        batched = self.is_batch(inputs)
        items = list(inputs) if batched else [inputs]
        if not items:
            raise ValueError(f"{self.spec.name} got an empty list; give it at least one input")
        results = self._answer_all(items, encode_parameters, decode_parameters)
        return {
            "result": results if batched else results[0],
            "implementation_type": self.platform.implementation_type(self.device),
            "device": self.device,
            "hardware_label": self.hardware_label,
            "model_type": self.model_type,
            "task": self.spec.name,
            "elapsed_s": time.perf_counter() - started,
        }

    def is_batch(self, inputs: Any) -> bool:
        """Whether these are several inputs of the task, not one that is a list."""
        return bool(getattr(self.spec.module, "is_batch", is_batch)(inputs))

    def _answer_all(
        self, items: list[Any], encode_parameters: Any, decode_parameters: Any
    ) -> list[Any]:
        """One result for each of `items`, in batches that the device has memory for."""
        results: list[Any] = []
        while waiting := items[len(results) :]:
            batch = waiting[: self.batch_size if self.pads() else 1]
            try:
                results += self._answer(batch, encode_parameters, decode_parameters)
                continue
            except Exception as error:
                if len(batch) == 1 or not self.platform.is_out_of_memory(error):
                    raise
            self._halve_batch(len(batch))  # the error and what it holds are gone by now
        return results

    def _answer(
        self, items: list[Any], encode_parameters: Any, decode_parameters: Any
    ) -> list[Any]:
        """One result for each of `items`, run as one batch."""
        config, task = self.platform.config(self.endpoint), self.spec.module
        encoded = task.encode(items, self.processor, config, **encode_parameters)
        outputs = self._run(encoded)
        results: list[Any] = task.decode(
            outputs, encoded, self.processor, config, **decode_parameters
        )
        return results

    def _halve_batch(self, too_large: int) -> None:
        """Give memory back and say that batches are smaller from now on."""
        self.platform.release_memory()
        self.batch_size = too_large // 2
        warnings.warn(
            f"{self.device} has no memory for a batch of {too_large};"
            f" {self.spec.name} goes on with {self.batch_size}",
            ResourceWarning,
            stacklevel=4,
        )

    def _run(self, encoded: Encoded | list[Encoded]) -> Any:
        """The outputs for what `encode` gave: one set for each `Encoded` where it gave a list."""
        if isinstance(encoded, list):
            return [self.platform.run(self.endpoint, self.spec, part) for part in encoded]
        return self.platform.run(self.endpoint, self.spec, encoded)

    def pads(self) -> bool:
        """Whether inputs of different length can share a batch without changing the result."""
        return self.spec.pads and pads(self.processor)


class Endpoint(NamedTuple):
    """What every `init_<platform>` returns."""

    endpoint: Any
    processor: Any
    handler: Callable[..., dict[str, Any]]
    queue: asyncio.Queue[Any]
    batch_size: int


def is_batch(inputs: Any) -> bool:
    """A list is a batch, unless it is itself one input: a chat or a series of numbers.

    A task whose single input is another kind of list has an `is_batch` of its own.
    """
    if not isinstance(inputs, list):
        return False
    is_chat = bool(inputs) and all(isinstance(item, dict) and "role" in item for item in inputs)
    is_series = bool(inputs) and all(isinstance(item, (int, float)) for item in inputs)
    return not is_chat and not is_series
