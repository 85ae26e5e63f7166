"""The expected results: two tiny checkpoints with different weights, and the answers of each.

The answers are those of this project's own skillset, whose tasks are tested against transformers.
They are computed in a process of their own, before anything of the checked module is imported.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from hf_skillset_runtime.tasks.samples import sample_inputs
from hf_skillset_runtime.testing import tiny_checkpoint
from hf_skillset_templates.registry.store.paths import TINY
from hf_skillset_templates.source_skillset import source_skillset

FUNCTION = "hf_skillset_templates.reference.prepare:prepare"
FILE = "expected.pickle"
SEEDS = (0, 1)


@dataclass(frozen=True)
class Expected:
    """The samples of one task of one model type, and the right answers to them."""

    samples: list[Any]
    parameters: dict[str, Any]
    checkpoints: list[str]
    """One for each of `SEEDS`."""
    answers: list[list[Any]]
    """For each checkpoint one result for each sample."""
    output_format: str
    tolerance: float


def prepare(argument: dict[str, str]) -> bool:
    """Write checkpoints and answers to `folder`; False where the model type has no tiny model.

    `argument` is `{"model_type", "task", "folder"}`.
    """
    torch.set_num_threads(1)
    tiny, folder = TINY / argument["model_type"], Path(argument["folder"])
    if not tiny_checkpoint.exists(tiny):
        return False
    skillset = source_skillset(argument["model_type"])()
    spec = skillset.task(argument["task"])
    checkpoints, answers = [], []
    for seed in SEEDS:
        place = folder / f"seed-{seed}"
        tiny_checkpoint.build_checkpoint(tiny, spec.auto_class, place, seed)
        handler = skillset.open_endpoint("cpu", str(place), "cpu", "cpu", spec.name).handler
        samples = sample_inputs(spec, handler.processor)
        checkpoints.append(str(place))
        answers.append([handler(each, **spec.sample_params)["result"] for each in samples])
    expected = Expected(
        samples,
        dict(spec.sample_params),
        checkpoints,
        answers,
        str(spec.output["format"]),
        spec.tolerance,
    )
    (folder / FILE).write_bytes(pickle.dumps(expected))
    return True


def read_expected(folder: Path) -> Expected:
    """What `prepare` wrote."""
    expected = pickle.loads((folder / FILE).read_bytes())
    assert isinstance(expected, Expected)
    return expected
