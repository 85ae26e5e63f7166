"""One task of a tiny model on one platform, opened for tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from ..compare.differences import differences
from ..self_test.oracle import pipeline_of
from ..serving.endpoint import Endpoint
from ..tasks.samples import sample_inputs
from ..tasks.spec import TaskSpec


@dataclass(frozen=True)
class Cell:
    """One task of the tiny model on one platform, loaded and ready to be called."""

    platform: str
    spec: TaskSpec
    checkpoint: str
    opened: Endpoint

    @property
    def samples(self) -> list[Any]:
        """The task's sample inputs."""
        return sample_inputs(self.spec, self.opened.processor)

    def run(self, inputs: Any, **parameters: Any) -> Any:
        """The handler's result, with the parameters of the samples."""
        return self.opened.handler(inputs, **{**self.spec.sample_params, **parameters})["result"]

    @property
    def pipeline(self) -> Callable[..., Any]:
        """transformers' own pipeline on the same model and processor."""
        try:
            return pipeline_of(self.opened.endpoint, self.opened.processor, self.spec)
        except LookupError as error:
            pytest.skip(f"no reference to compare with: {error}")

    def model_outputs(self, **inputs: Any) -> Any:
        """The outputs of the transformers model for the given tensors."""
        import torch

        with torch.inference_mode():
            return self.opened.endpoint(**inputs)

    def assert_equal(self, actual: Any, expected: Any, tolerance: float | None = None) -> None:
        """Assert equal results; numbers may differ by the task's tolerance."""
        problems = differences(actual, expected, tolerance or self.spec.tolerance)
        assert not problems, "\n".join(problems)
