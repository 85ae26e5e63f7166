"""The expected results: two tiny checkpoints with different weights, and the results of each.

They are the results of this project's own skillset, whose tasks are tested against transformers,
computed in a separate process that does not import the checked module.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch

from hf_skillset_runtime.compare.differences import differences
from hf_skillset_runtime.tasks.samples import sample_inputs
from hf_skillset_runtime.testing import tiny_checkpoint
from hf_skillset_templates.registry.store.paths import TINY
from hf_skillset_templates.source_skillset import source_skillset

FUNCTION = "hf_skillset_templates.reference.prepare:prepare"
FILE = "expected.pickle"
SEED = 0
OTHER_SEEDS = (1, 2, 3, 4)
"""Seeds of the other weights: the first that give other results than `SEED` is used."""


@dataclass(frozen=True)
class Expected:
    """The samples of one task of one model type, and their expected results."""

    samples: list[Any]
    parameters: dict[str, Any]
    checkpoints: list[str]
    """Two, with different weights."""
    answers: list[list[Any]]
    """For each checkpoint, one result for each sample."""
    output_format: str
    tolerance: float


def prepare(argument: dict[str, str]) -> bool:
    """Write checkpoints and expected results to `folder`; False if there is no tiny model.

    `argument` is `{"model_type", "task", "folder"}`.
    """
    torch.set_num_threads(1)
    tiny, folder = TINY / argument["model_type"], Path(argument["folder"])
    if not tiny_checkpoint.exists(tiny):
        return False
    skillset = source_skillset(argument["model_type"])()
    spec = skillset.task(argument["task"])
    first = answered(skillset, spec, tiny, folder, SEED)
    other = answered_otherwise(skillset, spec, tiny, folder, first)
    expected = Expected(
        first.samples,
        dict(spec.sample_params),
        [first.checkpoint, other.checkpoint],
        [first.answers, other.answers],
        str(spec.output["format"]),
        spec.tolerance,
    )
    (folder / FILE).write_bytes(pickle.dumps(expected))
    return True


class Answered(NamedTuple):
    """A checkpoint, the samples and its results."""

    checkpoint: str
    samples: list[Any]
    answers: list[Any]


def answered(skillset: Any, spec: Any, tiny: Path, folder: Path, seed: int) -> Answered:
    """Build a checkpoint and run the samples."""
    place = str(folder / f"seed-{seed}")
    tiny_checkpoint.build_for_task(skillset, spec.name, tiny, Path(place), seed)
    handler = skillset.open_endpoint("cpu", place, "cpu", "cpu", spec.name).handler
    samples = sample_inputs(spec, handler.processor)
    answers = [handler(each, **spec.sample_params)["result"] for each in samples]
    return Answered(place, samples, answers)


def answered_otherwise(
    skillset: Any, spec: Any, tiny: Path, folder: Path, first: Answered
) -> Answered:
    """The first other weights with another result for some sample, or the last ones.

    Weights that fail are skipped: random ones may give no result, such as music without notes.
    """
    other, problem = None, None
    for seed in OTHER_SEEDS:
        try:
            other = answered(skillset, spec, tiny, folder, seed)
        except Exception as error:
            problem = error
            continue
        pairs = zip(other.answers, first.answers)
        if any(differences(one, two, spec.tolerance) for one, two in pairs):
            break
    if other is None:
        assert problem is not None
        raise problem
    return other


def read_expected(folder: Path) -> Expected:
    """The expected results that `prepare` wrote."""
    expected = pickle.loads((folder / FILE).read_bytes())
    assert isinstance(expected, Expected)
    return expected
