"""What a self test demands of results, on any checkpoint: checks that a wrong task fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .compare.differences import differences
from .oracle import pipeline_of

if TYPE_CHECKING:
    from .endpoint import EndpointHandler

ROUNDING = 1e-4
"""Two ways of summing up in 32 bits differ by less, even in large models."""
NARROW_ROUNDING = 5e-2
"""The same for weights in 16 bits."""
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
    if handler.platform.exact:
        found = differences(batched, single, tolerance_of(handler))
        if found:
            return f"a batch gives other results than its inputs one by one: {found[0]}"
    if len(samples) > 1 and not any(differences(each, single[0], 0.0) for each in single[1:]):
        return "unlike samples give the same result"
    return without_effect(handler, samples, single) or unlike_the_pipeline(handler, samples, single)


def tolerance_of(handler: EndpointHandler) -> float:
    """Largest difference of two results that ought to be equal."""
    dtype = str(getattr(handler.endpoint, "dtype", EXACT_DTYPES[0]))
    return max(handler.spec.tolerance, ROUNDING if dtype in EXACT_DTYPES else NARROW_ROUNDING)


def without_effect(handler: EndpointHandler, samples: list[Any], single: list[Any]) -> str:
    """A parameter that changes no result although the task says that it does."""
    spec = handler.spec
    for name, value in spec.effects.items():
        parameters = {**spec.sample_params, name: value}
        changed = (handler(sample, **parameters)["result"] for sample in samples)
        if not any(differences(new, old, 0.0) for new, old in zip(changed, single)):
            return f"{name}={value!r} changes no result"
    return ""


def unlike_the_pipeline(handler: EndpointHandler, samples: list[Any], single: list[Any]) -> str:
    """Where transformers' own pipeline on the same model gives something else."""
    spec = handler.spec
    if spec.oracle is None or not handler.platform.reference:
        return ""
    if spec.oracle == "recording" and spec.run == "generate":  # with settings of its own
        return ""
    try:
        pipeline = pipeline_of(handler.endpoint, handler.processor, handler.spec)
        expected = [pipeline(asked(sample, handler.spec.oracle)) for sample in samples]
    except Exception:  # it cannot do what the handler can: nothing to compare with
        return ""
    found = differences(single, expected, tolerance_of(handler))
    return f"transformers' pipeline gives something else: {found[0]}" if found else ""


def asked(sample: Any, oracle: str) -> Any:
    """A sample as the pipeline takes it; a recording as what its file holds."""
    if oracle != "recording" or not isinstance(sample, str):
        return sample
    import soundfile

    waveform, rate = soundfile.read(sample, dtype="float32")
    return {"raw": waveform.mean(-1) if waveform.ndim > 1 else waveform, "sampling_rate": rate}
