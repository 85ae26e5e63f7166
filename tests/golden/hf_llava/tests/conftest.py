"""A tiny model, built once per run from a fixed seed, then loaded as a user's checkpoint is."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import tiny_checkpoint

from hf_llava import (
    hf_llava as Skillset,
)
from hf_llava.base import Endpoint
from hf_llava.parity import Error, differences
from hf_llava.platforms import discover
from hf_llava.self_test import sample_inputs
from hf_llava.tasks import TaskSpec

os.environ.setdefault("HF_HUB_OFFLINE", "1")

PARTS = {
    "tokenizer": "PreTrainedTokenizerBase",
    "image_processor": "BaseImageProcessor",
    "feature_extractor": "FeatureExtractionMixin",
    "video_processor": "BaseVideoProcessor",
}
"""The arguments of `pipeline` and what each is an instance of."""


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """The checkpoint folder of a task; the same model class is built once."""
    built: dict[str, Path] = {}

    def folder_of(task: str) -> str:
        if not tiny_checkpoint.exists():
            pytest.skip("no tiny model yet")
        spec = Skillset().task(task)
        if spec.auto_class not in built:
            folder = tmp_path_factory.mktemp(spec.auto_class)
            built[spec.auto_class] = tiny_checkpoint.build_checkpoint(spec.auto_class, folder)
        return str(built[spec.auto_class])

    return folder_of


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
        """The result of the handler, with the parameters of the samples."""
        return self.opened.handler(inputs, **{**self.spec.sample_params, **parameters})["result"]

    @property
    def pipeline(self) -> Callable[..., Any]:
        """transformers' own pipeline on the same model and processor."""
        import transformers

        processor = self.opened.processor
        parts = {
            name: processor
            for name, base in PARTS.items()
            if isinstance(processor, getattr(transformers, base))
        }
        if not parts:
            parts = {name: getattr(processor, name) for name in PARTS if hasattr(processor, name)}
            parts["processor"] = processor
        model = self.opened.endpoint
        tensors = getattr(processor, "model_input_names", ())
        needs_boxes = "bbox" in tensors or hasattr(model.config, "dim_bbox")
        if needs_boxes and self.spec.pipeline != "document-question-answering":
            pytest.skip("nothing to compare with: the pipeline gives the model no boxes of words")
        try:
            pipeline = transformers.pipeline(self.spec.pipeline, model=model, **parts)
        except ImportError as error:
            pytest.skip(f"nothing to compare with: {' '.join(str(error).split())[:90]}")
        return partial(pipeline, **self.spec.sample_params)

    def model_outputs(self, **inputs: Any) -> Any:
        """What the transformers model itself gives for tensors."""
        import torch

        with torch.inference_mode():
            return self.opened.endpoint(**inputs)

    def assert_equal(self, found: Any, expected: Any, tolerance: float | None = None) -> None:
        """Demand the same result; numbers may differ by the task's tolerance."""
        problems = differences(found, expected, tolerance or self.spec.tolerance)
        assert not problems, "\n".join(problems)


PARITY: list[tuple[str, str, str, Error]] = []
"""What the parity tests measured: platform, task, kind of input, error."""


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what the parity tests measured."""
    if PARITY:
        terminalreporter.section("parity with CPU float32")
    for platform, task, kind, error in PARITY:
        terminalreporter.write_line(
            f"{platform:10} {task:32} {kind:8} max error {error.max_abs:.1e}, "
            f"cosine {error.cosine:.6f}, mismatches {error.mismatches:.2%}, ties {error.ties}"
        )


@pytest.fixture(scope="session")
def parity_log() -> list[tuple[str, str, str, Error]]:
    """Where parity tests leave what they measured, for the summary."""
    return PARITY


@pytest.fixture(scope="session")
def open_cell(
    checkpoint: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, str], Cell]:
    """Opens a task on a platform; a missing platform is a skip that says why.

    A task that the registry knows to fail on a platform is an expected failure.
    """
    opened: dict[tuple[str, str], Cell] = {}
    cache = os.environ.get("HF_SKILLSET_CACHE") or str(tmp_path_factory.mktemp("exports"))

    def cell_of(platform: str, task: str) -> Cell:
        detection = discover()[platform].PLATFORM.detect()
        if not detection.available:
            pytest.skip(f"{platform}: {detection.reason}")
        known = known_failure(platform, task)
        if known and known["stage"] != "match":
            pytest.xfail(f"{platform}: {known['stage']}: {known['error']}")
        if (platform, task) not in opened:
            skillset = Skillset(metadata={"cache_dir": cache})
            folder = checkpoint(task)
            endpoint = getattr(skillset, f"init_{platform}")(folder, task=task)
            opened[platform, task] = Cell(platform, skillset.task(task), folder, endpoint)
        return opened[platform, task]

    return cell_of


def known_failure(platform: str, task: str) -> dict[str, str] | None:
    """The stage and the error that the registry has for a cell that was measured to fail."""
    measured = Skillset.registry.get("hardware_compatibility", {}).get(platform, {})
    return measured.get("failed", {}).get(task)


@pytest.fixture
def cell(request: pytest.FixtureRequest, open_cell: Callable[[str, str], Cell]) -> Cell:
    """The CPU cell of the task that the test module names as its TASK."""
    return open_cell("cpu", request.module.TASK)
