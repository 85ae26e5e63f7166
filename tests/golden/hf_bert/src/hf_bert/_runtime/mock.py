# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""The mock of a missing platform: outputs as the registry entry describes them.

It is no folder of `platforms/`: nothing offers it, and it is used only where
`metadata["fallback"]` names it. It needs numpy alone, and it reads no model and no input.
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
"""What a dimension of no fixed size becomes."""


class Mock(Platform):
    """Gives the output tensors of the registry entry, filled with a fixed pattern."""

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
            ValueError: the registry entry does not describe this task's outputs; it does so
                for the primary task alone.
        """
        described = self.registry.get("output", {}).get("tensors")
        if not described or spec.name != next(iter(self.registry["tasks"])):
            raise ValueError(f"the registry entry describes no output tensors of {spec.name}")
        return described

    def run(self, endpoint: Any, spec: TaskSpec, encoded: Encoded) -> dict[str, Any]:
        """The described arrays for a batch of one; `encoded` is not looked at."""
        return {name: pattern(facts["shape"], facts["dtype"]) for name, facts in endpoint.items()}

    def config(self, endpoint: Any) -> Any:
        return None

    def batch_size(self, endpoint: Any, device: str) -> int:
        return 1

    def implementation_type(self, device: str) -> str:
        return MOCK


class MockHandler(EndpointHandler):
    """Answers each input with the named output arrays, where other handlers decode them."""

    def _answer(
        self,
        items: list[Any],
        places: Sequence[int] | None,
        encode_parameters: Any,
        decode_parameters: Any,
    ) -> list[Any]:
        return [self.platform.run(self.endpoint, self.spec, Encoded({})) for _ in items]


def pattern(shape: list[int | str], dtype: str) -> Any:
    """An array of this shape and dtype, the same every time; a batch has one row."""
    import numpy as np

    sizes = {"batch": 1}
    numbers = [size if isinstance(size, int) else sizes.get(size, SYMBOL_SIZE) for size in shape]
    values = np.arange(np.prod(numbers, dtype=int)) % 7
    return values.reshape(numbers).astype("float32" if dtype == "bfloat16" else dtype)
