# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""The sample inputs of a task."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .spec import TaskSpec

ASSET = "asset:"


def sample_inputs(spec: TaskSpec, processor: Any) -> list[Any]:
    """The task's sample inputs, with paths of assets and the model's own mask token."""
    return [resolve_sample(sample, processor, spec.sample_folder) for sample in spec.samples]


def resolve_sample(sample: Any, processor: Any, folder: Path) -> Any:
    """One sample with its assets and its mask token filled in, at any depth."""
    if isinstance(sample, dict):
        return {key: resolve_sample(value, processor, folder) for key, value in sample.items()}
    if isinstance(sample, list):
        return [resolve_sample(value, processor, folder) for value in sample]
    if not isinstance(sample, str):
        return sample
    if sample.startswith(ASSET):
        return str(folder / sample.removeprefix(ASSET))
    return sample.replace("{mask_token}", str(getattr(processor, "mask_token", "")))
