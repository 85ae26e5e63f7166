"""What holds for every task: an input at fault is named, and each input gets one result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .tasks.limits import longest_text

INPUT_ERRORS = (TypeError, ValueError)
SHORT = {"input_values": 1600, "input_features": 10}
"""Samples and frames of audio below which a model that fails is taken to want more."""


def encode_batch(
    spec: Any,
    items: list[Any],
    first: int,
    processor: Any,
    config: Any,
    parameters: Mapping[str, Any],
) -> Any:
    """What the task's `encode` makes of some of a call's inputs.

    Args:
        first: how many inputs of the call come before them.

    Raises:
        TypeError, ValueError: an input or a parameter is not what the task takes. Where it is one
            of several inputs, its place in the call (from 0) is named.
    """
    encode = spec.module.encode
    try:
        return encode(items, processor, config, **parameters)
    except INPUT_ERRORS as error:
        if len(items) == 1 and first == 0:
            raise
        found = fault(items, lambda item: encode([item], processor, config, **parameters))
        if found is None:
            raise
        place, reason = found
        kind = TypeError if isinstance(reason, TypeError) else ValueError
        raise kind(f"input {first + place}: {reason}") from error


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


def too_long(encoded: Any, first: int, processor: Any, config: Any) -> str:
    """Which text is longer than the model takes, and what to do; empty where none is.

    Args:
        encoded: what `encode` gave, one `Encoded` or several.
        first: how many inputs of the call come before them.
    """
    tokenizer = getattr(processor, "tokenizer", processor)
    limit = longest_text(tokenizer, getattr(config, "get_text_config", lambda: config)())
    calls = encoded if isinstance(encoded, list) else [encoded]
    rows = [len(row) for call in calls for row in call.inputs.get("input_ids", ())]
    if limit is None or not rows or max(rows) <= limit:
        return ""
    mask = [row.sum() for call in calls for row in call.inputs.get("attention_mask", ())]
    lengths = [int(length) for length in mask] or rows
    place = max(range(len(lengths)), key=lambda row: lengths[row])
    return (
        f"input {first + place} has {lengths[place]} tokens, and the model takes {limit}: give a"
        " shorter text, or truncation=True where the task has it"
    )


def too_short(spec: Any, encoded: Any, first: int) -> str:
    """Which audio input is too short for a model that failed with it; empty where none is short."""
    if "audio" not in spec.inputs:
        return ""
    calls = encoded if isinstance(encoded, list) else [encoded]
    rows = [
        len(row)
        for call in calls
        for name, limit in SHORT.items()
        for row in call.inputs.get(name, ())
        if len(row) < limit
    ]
    if not rows:
        return ""
    return (
        f"input {first} or one after it is too short for this model: {min(rows)} samples or frames"
        " of audio"
    )


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
