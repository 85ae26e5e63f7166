# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Runs a handler on its task's sample inputs and records the outcome."""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from ..compare.parity import EVIDENCE
from ..tasks.samples import sample_inputs
from .checks import first_problem

if TYPE_CHECKING:
    from ..serving.endpoint import EndpointHandler


@dataclass(frozen=True)
class TestRecord:
    """The result of one test of a (platform, task)."""

    model_type: str
    task: str
    platform: str
    status: str
    """`REAL`, `EMULATED`, `MOCK`, `UNAVAILABLE` or `FAILED`."""
    detail: str = ""
    """Why it is unavailable or what failed."""
    model: str = ""
    hardware_label: str = ""
    device: str = ""
    samples: int = 0
    elapsed_s: float = 0.0
    proof: dict[str, Any] = field(default_factory=dict)
    """Evidence that the platform itself computed; empty if no other device could have."""
    evidence: int = EVIDENCE
    """Version of the test rules (docs/evidence.md)."""
    stage: str = ""
    """The stage that the error names, such as `export` or `compile`; empty if none."""

    def to_dict(self) -> dict[str, Any]:
        """The record as JSON-compatible data."""
        return asdict(self)


def run_samples(handler: EndpointHandler, model: str, label: str) -> TestRecord:
    """Call `handler` with each sample alone and with all samples as a batch; check the results."""
    started = time.perf_counter()
    status = handler.platform.implementation_type(handler.device)
    samples = sample_inputs(handler.spec, handler.processor)
    proof: dict[str, Any] = {}
    stage = ""
    try:
        parameters = handler.spec.sample_params
        single = [handler(sample, **parameters)["result"] for sample in samples]
        batched = handler(samples, **parameters)["result"]
        detail = problem(single, batched)
        detail = detail or first_problem(handler, samples, single, batched)
        proof = handler.platform.evidence(handler)
        detail = detail or proof.pop("problem", "")
    except Exception as error:
        detail = f"{type(error).__name__}: {error}"
        stage = getattr(error, "stage", "")
    return TestRecord(
        model_type=handler.model_type,
        task=handler.spec.name,
        platform=handler.platform.name,
        status="FAILED" if detail else status,
        detail=detail,
        model=model,
        hardware_label=label,
        device=handler.device,
        samples=len(samples),
        elapsed_s=time.perf_counter() - started,
        proof=proof,
        stage=stage,
    )


def problem(single: list[Any], batched: list[Any]) -> str:
    """An error message about the results; empty if they are well-formed."""
    if len(batched) != len(single):
        return f"a batch of {len(single)} inputs gave {len(batched)} results"
    if not all(finite(result) for result in [*single, *batched]):
        return "a result holds a number that is not finite"
    return ""


def finite(result: Any) -> bool:
    """Whether every number in a result, at any depth, is finite."""
    if isinstance(result, dict):
        return all(finite(value) for value in result.values())
    if isinstance(result, (list, tuple)):
        return all(finite(value) for value in result)
    if hasattr(result, "tolist"):
        return finite(result.tolist())
    return not isinstance(result, float) or math.isfinite(result)
