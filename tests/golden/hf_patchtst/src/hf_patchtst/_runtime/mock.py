# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""The mock of a missing platform: outputs as the registry entry describes them.

It is not listed among the platforms and used only if
`metadata["fallback"]` names it. It needs only numpy and reads neither model nor input.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .platforms.base import MOCK, Detection, Device, Platform
from .serving.endpoint import EndpointHandler
from .tasks.encoded import Encoded
from .tasks.spec import TaskSpec

NAME = "mock"
SYMBOL_SIZE = 2
"""Size of a dimension without a fixed size."""


class Mock(Platform):
    """Returns the output tensors of the registry entry, filled with a fixed pattern."""

    resources = ("numpy",)

    def __init__(self, registry: Mapping[str, Any]) -> None:
        super().__init__(NAME, {"requirements": ["numpy"], "default_device": NAME})
        self.registry = registry

    def detect(self) -> Detection:
        try:
            import numpy
        except ImportError:
            return Detection(False, "numpy is not installed")
        device = Device(NAME, "a mock that computes nothing")
        return Detection(True, devices=(device,), version=numpy.__version__)

    def load(
        self,
        checkpoint: str,
        spec: TaskSpec,
        device: str,
        resources: Mapping[str, Any],
        metadata: Mapping[str, Any],
    ) -> Any:
        """The task's output tensors by name: their dtypes and shapes.

        Raises:
            ValueError: the registry entry does not describe this task's outputs; it
                describes only those of the primary task.
        """
        described = self.registry.get("output", {}).get("tensors")
        if not described or spec.name != next(iter(self.registry["tasks"])):
            raise ValueError(f"the registry entry describes no output tensors of {spec.name}")
        return described

    def run(self, endpoint: Any, spec: TaskSpec, encoded: Encoded) -> dict[str, Any]:
        """The described arrays for a batch of one; `encoded` is ignored."""
        return {name: pattern(facts["shape"], facts["dtype"]) for name, facts in endpoint.items()}

    def config(self, endpoint: Any) -> Any:
        return None

    def batch_size(self, endpoint: Any, device: str) -> int:
        return 1

    def implementation_type(self, device: str) -> str:
        return MOCK


class MockHandler(EndpointHandler):
    """Returns the named output arrays for each input without decoding them."""

    def _answer(
        self,
        items: list[Any],
        places: Sequence[int] | None,
        encode_parameters: Any,
        decode_parameters: Any,
    ) -> list[Any]:
        return [self.platform.run(self.endpoint, self.spec, Encoded({})) for _ in items]


def pattern(shape: list[int | str], dtype: str) -> Any:
    """A deterministic array of this shape and dtype; a batch has one row."""
    import numpy as np

    sizes = {"batch": 1}
    numbers = [size if isinstance(size, int) else sizes.get(size, SYMBOL_SIZE) for size in shape]
    values = np.arange(np.prod(numbers, dtype=int)) % 7
    return values.reshape(numbers).astype("float32" if dtype == "bfloat16" else dtype)
