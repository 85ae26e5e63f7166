# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""What a self test demands of results, on any checkpoint: checks that a wrong task fails."""

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
"""Two ways of summing up in 32 bits differ by less, even in large models."""
NARROW_ROUNDING = 5e-2
"""The same for weights in 16 bits."""
FINER_ROUNDING = 1e-6
"""Results are given in 32 bits, of models that compute in 64."""
EXACT_DTYPES = ("torch.float32", "torch.float64")


def first_problem(
    handler: EndpointHandler, samples: list[Any], single: list[Any], batched: list[Any]
) -> str:
    """What the results are proved wrong by; empty where nothing is.

    Args:
        samples: inputs of the task, unlike each other.
        single: the result for each of them alone.
        batched: the results for all of them at once.
    """
    if found := unlike_alone(handler, samples, single, batched):
        return f"a batch gives other results than its inputs one by one: {found}"
    if len(samples) > 1 and not any(differences(each, single[0], 0.0) for each in single[1:]):
        return "unlike samples give the same result"
    for sample, result in zip(samples, single):
        if problem := contradiction(sample, result):
            return problem
    return without_effect(handler, samples, single) or unlike_the_pipeline(handler, samples, single)


def unlike_alone(
    handler: EndpointHandler, samples: list[Any], single: list[Any], batched: list[Any]
) -> str:
    """Where a batch gives something else than its inputs one by one; empty where nowhere.

    What vanishes in float64 is rounding: a deep network may enlarge that of a convolution, which
    a library sums up in another order for a batch. A fault stays.
    """
    if not handler.platform.exact:
        return ""
    found = differences(batched, single, tolerance_of(handler))
    if found and handler.platform.reference and is_rounding(handler, samples):
        return ""
    return found[0] if found else ""


def is_rounding(handler: EndpointHandler, samples: list[Any]) -> bool:
    """Whether batch and single agree where the model computes in float64."""
    try:
        finer = replace(handler, endpoint=deepcopy(handler.endpoint).double())
        parameters = handler.spec.sample_params
        single = [finer(sample, **parameters)["result"] for sample in samples]
        batched = finer(samples, **parameters)["result"]
    except (AttributeError, RuntimeError, TypeError, ValueError):  # not every model can
        return False
    return not differences(batched, single, FINER_ROUNDING)


def tolerance_of(handler: EndpointHandler) -> float:
    """Largest difference of two results that ought to be equal."""
    dtype = str(getattr(handler.endpoint, "dtype", EXACT_DTYPES[0]))
    return max(handler.spec.tolerance, ROUNDING if dtype in EXACT_DTYPES else NARROW_ROUNDING)


def without_effect(handler: EndpointHandler, samples: list[Any], single: list[Any]) -> str:
    """A parameter that changes no result although the task says that it does."""
    spec = handler.spec
    if all(is_nothing(each) for each in single) or has_one_label(handler):
        return ""
    for name, value in spec.effects.items():
        parameters = {**spec.sample_params, name: value}
        try:
            changed = [handler(sample, **parameters)["result"] for sample in samples]
        except ValueError:  # this model does not do it, and says so
            continue
        if not any(differences(new, old, 0.0) for new, old in zip(changed, single)):
            return f"{name}={value!r} changes no result"
    return ""


def is_nothing(result: Any) -> bool:
    """Whether a result is empty: nothing was found, so that no parameter can change it."""
    return result is None or (hasattr(result, "__len__") and len(result) == 0)


def has_one_label(handler: EndpointHandler) -> bool:
    """Whether the model gives one number alone: there is nothing to choose from."""
    config = handler.platform.config(handler.endpoint)
    return getattr(config, "num_labels", 2) == 1


def contradiction(sample: Any, result: Any) -> str:
    """Where a result contradicts itself or the input that it is about."""
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
        found = sample["context"][result["start"] : result["end"]]
        if found != result["answer"]:
            return f"the answer {result['answer']!r} is not at its place: {found!r}"
    return ""


def within_0_and_1(value: Any) -> bool:
    """Whether every number of nested lists is a probability."""
    if isinstance(value, list):
        return all(within_0_and_1(item) for item in value)
    return bool(0.0 <= value <= 1.0)


def unlike_the_pipeline(handler: EndpointHandler, samples: list[Any], single: list[Any]) -> str:
    """Where transformers' own pipeline on the same model gives something else."""
    spec, oracle = handler.spec, handler.spec.oracle
    if oracle is None or not handler.platform.reference:
        return ""
    if oracle == "recording" and spec.run == "generate":  # with settings of its own
        return ""
    try:
        pipeline = pipeline_of(handler.endpoint, handler.processor, handler.spec)
        expected = []
        for sample in samples:
            with drawn_from(0 if spec.draws else None):  # the numbers that the handler draws
                expected.append(pipeline(asked(sample, oracle)))
    except Exception:  # it cannot do what the handler can: nothing to compare with
        return ""
    found = differences(single, expected, tolerance_of(handler))
    return f"transformers' pipeline gives something else: {found[0]}" if found else ""


def asked(sample: Any, oracle: str) -> Any:
    """A sample as the pipeline takes it; a recording as what its file holds."""
    if oracle != "recording" or not isinstance(sample, str):
        return dict(sample) if isinstance(sample, dict) else sample
    import soundfile

    waveform, rate = soundfile.read(sample, dtype="float32")
    return {"raw": waveform.mean(-1) if waveform.ndim > 1 else waveform, "sampling_rate": rate}
