# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""What holds for every task: an input at fault is named, and each input gets one result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

INPUT_ERRORS = (TypeError, ValueError)


def encode_batch(
    spec: Any,
    items: list[Any],
    places: Sequence[int] | None,
    processor: Any,
    config: Any,
    parameters: Mapping[str, Any],
) -> Any:
    """What the task's `encode` makes of some of a call's inputs.

    Args:
        places: which of the call's inputs they are, from 0; None where the call has one input.

    Raises:
        TypeError, ValueError: an input or a parameter is not what the task takes. Where it is one
            of several inputs, its place in the call (from 0) is named.
    """
    encode = spec.module.encode
    try:
        return encode(items, processor, config, **parameters)
    except INPUT_ERRORS as error:
        if places is None:
            raise
        found = fault(items, lambda item: encode([item], processor, config, **parameters))
        if found is None:
            raise
        place, reason = found
        kind = TypeError if isinstance(reason, TypeError) else ValueError
        raise kind(f"input {places[place]}: {reason}") from error


def fault(items: list[Any], attempt: Any) -> tuple[int, Exception] | None:
    """The first input that fails alone; None where none does, or all do for the same reason."""
    reasons: dict[int, Exception] = {}
    for place, item in enumerate(items):
        try:
            attempt(item)
        except INPUT_ERRORS as error:
            reasons[place] = error
    if not reasons or (
        len(reasons) == len(items) > 1 and len(set(map(str, reasons.values()))) == 1
    ):
        return None
    place = min(reasons)
    return place, reasons[place]


def check_results(spec: Any, results: list[Any], count: int) -> None:
    """Raise where a task did not give exactly one result for each of `count` inputs.

    Raises:
        RuntimeError: it gave more or fewer.
    """
    if len(results) != count:
        raise RuntimeError(
            f"the task {spec.name} gave {len(results)} results for {count} inputs: its decode must"
            " give one for each, with all hypotheses in it. This is a fault of the task's code,"
            " not of the inputs"
        )
