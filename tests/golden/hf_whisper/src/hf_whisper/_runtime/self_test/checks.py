# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Checks of the self-test that hold for any checkpoint and fail if the task's code is wrong."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..compare.differences import differences
from .claims import contradiction, unlike_outputs
from .forms import dropped_input, unlike_forms
from .oracle import Reference
from .rounding import tolerance_of
from .variations import wrong_parameter

if TYPE_CHECKING:
    from ..serving.endpoint import EndpointHandler

FINER_ROUNDING = 1e-6
"""Tolerance for models that compute in float64 and return float32."""


def first_problem(
    handler: EndpointHandler, samples: list[Any], single: list[Any], batched: list[Any]
) -> str:
    """The first check that the results fail, as a message; empty if they pass all.

    Args:
        samples: different inputs of the task.
        single: the result for each of them alone.
        batched: the results for all of them at once.
    """
    if difference := unlike_alone(handler, samples, single, batched):
        return f"a batch gives other results than its inputs one by one: {difference}"
    if len(samples) > 1 and not any(differences(each, single[0], 0.0) for each in single[1:]):
        return "unlike samples give the same result"
    for sample, result in zip(samples, single):
        if problem := contradiction(handler, sample, result):
            return problem
    reference = Reference.of(handler)
    return (
        unlike_the_pipeline(handler, samples, single, reference)
        or unlike_inputs(handler, samples)
        or unlike_outputs(handler, samples[0], single[0])
        or wrong_parameter(handler, samples, single, reference)
    )


def unlike_inputs(handler: EndpointHandler, samples: list[Any]) -> str:
    """What the model gets of an input, if it is not what it should get; on the CPU only."""
    if not handler.platform.reference:
        return ""
    return dropped_input(handler, samples) or unlike_forms(handler, samples[0])


def unlike_alone(
    handler: EndpointHandler, samples: list[Any], single: list[Any], batched: list[Any]
) -> str:
    """Where batched and single results differ; empty if they are equal.

    A difference that vanishes in float64 is rounding: deep networks amplify that of
    convolutions, which sum in another order for a batch. An error in the code remains.
    """
    if not handler.platform.exact:
        return ""
    unequal = differences(batched, single, tolerance_of(handler))
    if unequal and handler.platform.reference and is_rounding(handler, samples):
        return ""
    return unequal[0] if unequal else ""


def is_rounding(handler: EndpointHandler, samples: list[Any]) -> bool:
    """Whether batched and single results agree if the model computes in float64."""
    try:
        finer = replace(handler, endpoint=deepcopy(handler.endpoint).double())
        parameters = handler.spec.sample_params
        single = [finer(sample, **parameters)["result"] for sample in samples]
        batched = finer(samples, **parameters)["result"]
    except (AttributeError, RuntimeError, TypeError, ValueError):
        return False  # not every model supports float64
    return not differences(batched, single, FINER_ROUNDING)


def unlike_the_pipeline(
    handler: EndpointHandler, samples: list[Any], single: list[Any], reference: Reference | None
) -> str:
    """Where the result differs from that of transformers' own pipeline on the same model."""
    if reference is None:
        return ""
    seed = 0 if handler.spec.draws else None
    expected = [reference.answer(sample, {}, seed) for sample in samples]
    given = [(ours, one[0]) for ours, one in zip(single, expected) if one is not None]
    ours, theirs = [one for one, _ in given], [other for _, other in given]
    unequal = differences(ours, theirs, tolerance_of(handler))
    return f"transformers' pipeline gives something else: {unequal[0]}" if unequal else ""
