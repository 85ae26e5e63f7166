# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Checks of the self-test that hold for any checkpoint and fail if the task's code is wrong."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..calls.seeded import drawn_from
from ..compare.differences import differences
from .oracle import pipeline_of

if TYPE_CHECKING:
    from ..serving.endpoint import EndpointHandler

ROUNDING = 1e-4
"""Tolerance for results in float32, whose order of summation may differ."""
NARROW_ROUNDING = 5e-2
"""Tolerance for weights in float16 or bfloat16."""
FINER_ROUNDING = 1e-6
"""Tolerance for models that compute in float64 and return float32."""
EXACT_DTYPES = ("torch.float32", "torch.float64")


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
        if problem := contradiction(sample, result):
            return problem
    return without_effect(handler, samples, single) or unlike_the_pipeline(handler, samples, single)


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


def tolerance_of(handler: EndpointHandler) -> float:
    """The tolerance for two results that should be equal."""
    dtype = str(getattr(handler.endpoint, "dtype", EXACT_DTYPES[0]))
    return max(handler.spec.tolerance, ROUNDING if dtype in EXACT_DTYPES else NARROW_ROUNDING)


def without_effect(handler: EndpointHandler, samples: list[Any], single: list[Any]) -> str:
    """A parameter without effect that the task declares in `effects`; empty if there is none."""
    spec = handler.spec
    if all(is_nothing(each) for each in single) or has_one_label(handler):
        return ""
    for name, value in spec.effects.items():
        parameters = {**spec.sample_params, name: value}
        try:
            changed = [handler(sample, **parameters)["result"] for sample in samples]
        except ValueError:  # this model rejects the parameter
            continue
        if not any(differences(new, old, 0.0) for new, old in zip(changed, single)):
            return f"{name}={value!r} changes no result"
    return ""


def is_nothing(result: Any) -> bool:
    """Whether a result is empty, so that no parameter can change it."""
    return result is None or (hasattr(result, "__len__") and len(result) == 0)


def has_one_label(handler: EndpointHandler) -> bool:
    """Whether the model has a single label (regression): there is nothing to choose from."""
    config = handler.platform.config(handler.endpoint)
    return getattr(config, "num_labels", 2) == 1


def contradiction(sample: Any, result: Any) -> str:
    """How a result contradicts itself or its input; empty if it does not."""
    if not isinstance(result, dict):
        return ""
    scores: Any = result.get("scores")
    if "choice" in result and result["index"] != scores.index(max(scores)):
        return f"the index {result['index']} is not that of the best score"
    if "is_next" in result and result["is_next"] != (result["score"] > 0.5):
        return f"is_next is {result['is_next']} with a probability of {result['score']}"
    if "probabilities" in result and not within_0_and_1(result["probabilities"]):
        return "a probability lies outside of 0 and 1"
    if "answer" in result and isinstance(sample, dict) and isinstance(sample.get("context"), str):
        span = sample["context"][result["start"] : result["end"]]
        if span != result["answer"]:
            return f"the answer {result['answer']!r} is not at its place: {span!r}"
    return ""


def within_0_and_1(value: Any) -> bool:
    """Whether every number in nested lists is in [0, 1]."""
    if isinstance(value, list):
        return all(within_0_and_1(item) for item in value)
    return bool(0.0 <= value <= 1.0)


def unlike_the_pipeline(handler: EndpointHandler, samples: list[Any], single: list[Any]) -> str:
    """Where the result differs from that of transformers' own pipeline on the same model."""
    spec, oracle = handler.spec, handler.spec.oracle
    if oracle is None or not handler.platform.reference:
        return ""
    if oracle == "recording" and spec.run == "generate":
        return ""  # the call changes settings of the processor
    try:
        pipeline = pipeline_of(handler.endpoint, handler.processor, handler.spec)
        expected = []
        for sample in samples:
            with drawn_from(0 if spec.draws else None):  # the same random numbers as the handler's
                expected.append(pipeline(pipeline_input(sample, oracle)))
    except Exception:  # the pipeline does not support this input: nothing to compare with
        return ""
    unequal = differences(single, expected, tolerance_of(handler))
    return f"transformers' pipeline gives something else: {unequal[0]}" if unequal else ""


def pipeline_input(sample: Any, oracle: str) -> Any:
    """A sample in the form that the pipeline accepts; a recording as the content of its file."""
    if oracle != "recording" or not isinstance(sample, str):
        return dict(sample) if isinstance(sample, dict) else sample
    import soundfile

    waveform, rate = soundfile.read(sample, dtype="float32")
    return {"raw": waveform.mean(-1) if waveform.ndim > 1 else waveform, "sampling_rate": rate}
