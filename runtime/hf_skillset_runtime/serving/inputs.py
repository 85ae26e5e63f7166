"""What holds for every task: an input at fault is named, and each input gets one result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..tasks.limits import longest_text

INPUT_ERRORS = (TypeError, ValueError)
RUN_ERRORS = (IndexError, RuntimeError, ValueError)
"""What runtimes raise for inputs that a model cannot take."""
SHORT = {"input_values": 1600, "input_features": 10}
"""Samples and frames of audio below which a model that fails is taken to want more."""


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


def input_at_fault(
    spec: Any, encoded: Any, places: Sequence[int] | None, processor: Any, config: Any
) -> str:
    """What is wrong with the inputs of a run that failed; empty where nothing is known to be.

    Args:
        encoded: what `encode` gave, one `Encoded` or several.
        places: which of the call's inputs they are; None where it has one.
    """
    calls = encoded if isinstance(encoded, list) else [encoded]
    found = too_long(calls, processor, config) or too_short(spec, calls)
    if found is None:
        return ""
    row, reason = found
    return reason if places is None or row >= len(places) else f"input {places[row]}: {reason}"


def too_long(calls: list[Any], processor: Any, config: Any) -> tuple[int, str] | None:
    """The row of a text that is longer than the model takes, and what to do."""
    tokenizer = getattr(processor, "tokenizer", processor)
    limit = longest_text(tokenizer, getattr(config, "get_text_config", lambda: config)())
    rows = [len(row) for call in calls for row in call.inputs.get("input_ids", ())]
    if limit is None or not rows or max(rows) <= limit:
        return None
    mask = [row.sum() for call in calls for row in call.inputs.get("attention_mask", ())]
    lengths = [int(length) for length in mask] or rows
    place = max(range(len(lengths)), key=lambda row: lengths[row])
    return place, (
        f"the text has {lengths[place]} tokens, and the model takes {limit}: give a shorter one,"
        " or truncation=True where the task has it"
    )


def too_short(spec: Any, calls: list[Any]) -> tuple[int, str] | None:
    """The row of audio that is too short for a model that failed with it."""
    if "audio" not in spec.inputs:
        return None
    lengths = [
        (len(row), name)
        for call in calls
        for name in SHORT
        for row in call.inputs.get(name, ())
        if hasattr(row, "__len__")
    ]
    short = [row for row, (length, name) in enumerate(lengths) if length < SHORT[name]]
    if not short:
        return None
    length, name = lengths[short[0]]
    return short[0], (
        f"the audio is too short for this model: {length} of {name}; give at least a tenth of a"
        " second"
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
