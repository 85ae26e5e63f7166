"""Sensitivity of tiny models to their inputs: a check on an insensitive model proves nothing.

For each task: how far the outputs for two different samples are apart, what each input changes, and
whether the results have content.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from hf_skillset_runtime.compare.measure import known, similarity
from hf_skillset_runtime.compare.outputs import encode, forward_outputs, step_scores
from hf_skillset_runtime.compare.variants import like

FAR = 100
"""Times the CPU's tolerance: how far apart unlike inputs are at least."""
WIDE = 10
"""Times the widest absolute tolerance of a platform that computes in floating point."""
ALIKE = 0.9
"""Highest cosine of the centred outputs for unlike inputs."""
MASKED = 1.0
"""The difference of a number and a masked entry."""
FEW = 8
"""Number of elements below which a cosine is not used."""


def sensitivity(handler: Any, samples: list[Any], widest_tolerance: float) -> dict[str, Any]:
    """The measurements of one task, JSON-compatible; `problems` is empty if it passes."""
    least = max(FAR * handler.spec.tolerance, WIDE * widest_tolerance)
    calls = [encode(handler, [sample])[0] for sample in samples[:2]]
    outputs = [outputs_of(handler, call) for call in calls]
    apart, cosine = distance(outputs[0], outputs[-1])
    effects = {name: effect(handler, calls[0], outputs[0], name) for name in calls[0].inputs}
    results = [handler(item, **handler.spec.sample_params)["result"] for item in samples[:2]]
    problems = [f"two samples differ by {apart:.1e}"] if not apart >= least else []
    problems += ["two samples have alike outputs"] if cosine > ALIKE else []
    problems += [
        f"{name} changes nothing"
        for name, value in effects.items()
        if value is not None and not value >= least
    ]
    problems += result_problems(results)
    return {
        "apart": apart,
        "cosine": round(cosine, 4),
        "effects": {name: value for name, value in effects.items() if value is not None},
        "problems": problems,
    }


def outputs_of(handler: Any, call: Any) -> dict[str, Any]:
    """The scores of each step that generates, or the outputs of one pass."""
    scores = step_scores(handler, call) if handler.spec.run == "generate" else None
    return scores[0] if scores else forward_outputs(handler, call)


def distance(one: dict[str, Any], other: dict[str, Any]) -> tuple[float, float]:
    """The largest difference of two sets of outputs, and the cosine of the output that has it.

    Arrays of different length are compared from their ends.
    """
    import numpy as np

    largest, cosine = 0.0, 1.0
    for name in one:
        if name not in other or one[name].ndim != other[name].ndim:
            continue
        shape = [min(sizes) for sizes in zip(one[name].shape, other[name].shape)]
        ours, theirs = (
            array[tuple(slice(size - least, size) for size, least in zip(array.shape, shape))]
            for array in (one[name].astype(float), other[name].astype(float))
        )
        if not np.array_equal(known(name, ours), known(name, theirs)):
            largest = max(largest, MASKED)
        both = known(name, ours) & known(name, theirs)
        if both.any() and (apart := float(np.abs(ours - theirs)[both].max())) > largest:
            largest = apart
            similar = similarity(ours[both][None], theirs[both][None])[0]
            cosine = similar if both.sum() >= FEW else 0.0
    return largest, cosine


def effect(handler: Any, call: Any, outputs: dict[str, Any], name: str) -> float | None:
    """How much the outputs change with one input changed; None where it cannot change."""
    changed = disturbed(name, call.inputs[name])
    if changed is None:
        return None
    try:
        disturbed_call = dataclasses.replace(call, inputs={**call.inputs, name: changed})
        return distance(outputs, outputs_of(handler, disturbed_call))[0]
    except Exception:  # the model refuses it: it does look at it
        return None


def disturbed(name: str, value: Any) -> Any:
    """An input reversed, a mask with its second half off; None where that changes nothing."""
    import numpy as np

    array = np.array(value)
    if array.size < 2 or array.dtype.kind not in "fiub":
        return None
    if array.dtype.kind == "b" or ("mask" in name and array.dtype.kind in "iu"):
        changed: Any = array.reshape(len(array), -1).copy()
        changed[:, changed.shape[1] // 2 :] = 0
        changed = changed.reshape(array.shape)
    elif "type_ids" in name and array.max() < 2:
        changed = 1 - array
    else:
        axis = array.ndim - 2 if array.ndim > 3 else int(np.argmax(array.shape))
        changed = np.flip(array, axis).copy()
    return None if np.array_equal(changed, array) else like(value, changed)


def result_problems(results: list[Any]) -> list[str]:
    """Problems of results: an empty one, or equal ones for different samples."""
    problems = ["a result is empty" for result in results if is_empty(result)][:1]
    if len(results) > 1 and as_text(results[0]) == as_text(results[1]):
        problems.append("two samples have one result")
    return problems


def is_empty(result: Any) -> bool:
    """Whether a result has no content."""
    if isinstance(result, dict):
        return not result or all(is_empty(value) for value in result.values())
    if isinstance(result, (list, tuple)):
        return all(is_empty(value) for value in result)
    return isinstance(result, str) and not result.strip()


def as_text(result: Any) -> str:
    """A result as text that distinguishes arrays and images."""
    import numpy as np

    if isinstance(result, dict):
        return repr({name: as_text(value) for name, value in result.items()})
    if isinstance(result, (list, tuple)):
        return repr([as_text(value) for value in result])
    if hasattr(result, "tobytes"):
        return repr(result.tobytes())
    return repr(np.asarray(result).tolist()) if hasattr(result, "dtype") else repr(result)
