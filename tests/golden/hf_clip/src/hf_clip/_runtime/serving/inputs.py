# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Checks for every task: errors name the invalid input, and each input gets one result."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Mapping, Sequence
from traceback import walk_tb
from typing import Any

from ..tasks.encoded import lacks_tokens
from ..tasks.limits import longest_text, text_part
from ..tasks.samples import sample_inputs

INPUT_ERRORS = (TypeError, ValueError)
SETUP_ERRORS = (ImportError, MemoryError)
"""Exceptions that are never attributed to an input."""
SHORT = {"input_values": 1600, "input_features": 10}
"""Samples and frames of audio below which a failure is attributed to the length."""


def encode_batch(
    spec: Any,
    items: list[Any],
    places: Sequence[int] | None,
    processor: Any,
    config: Any,
    parameters: Mapping[str, Any],
) -> Any:
    """The task's `encode` of some of a call's inputs, with errors that name the input.

    Args:
        places: indices of the inputs in the call, from 0; None if the call has one input.

    Raises:
        TypeError, ValueError: the task does not accept an input or a parameter. If it is one
            of several inputs, its index in the call (from 0) is named.
    """

    def encode(given: list[Any]) -> Any:
        encoded = spec.module.encode(given, processor, config, **parameters)
        if tuple(spec.inputs) == ("text",):
            check_tokens(encoded)
        return encoded

    try:
        return encode(items)
    except Exception as error:
        blame(spec, error, items, places, processor, lambda item: encode([item]))
        raise


def check_tokens(encoded: Any) -> None:
    """Check that every text has tokens, so that the model does not read only padding or nothing.

    Raises:
        ValueError: a text has no tokens.
    """
    for call in encoded if isinstance(encoded, list) else [encoded]:
        if lacks_tokens(call.inputs):
            raise ValueError("the text has no tokens for this model; it needs at least one word")


def blame(
    spec: Any,
    error: Exception,
    items: list[Any],
    places: Sequence[int] | None,
    processor: Any,
    attempt: Callable[[Any], Any],
) -> None:
    """Raise an error for the first invalid input; return if none is known to be invalid.

    An input is invalid if it fails alone and the task's own sample does not. For an error raised
    inside a library, the message includes the input that the task expects.

    Args:
        error: the exception raised for all of `items` together.
        attempt: encodes a single input.

    Raises:
        TypeError, ValueError: an input is invalid; one of several is named by its index.
    """
    clear = is_clear(error, spec)
    if isinstance(error, SETUP_ERRORS) or (clear and places is None):
        return
    reasons = failures(items, attempt)
    if not reasons:
        return
    together = len(reasons) == len(items) > 1 and len(set(map(str, reasons.values()))) == 1
    place, reason = next(iter(reasons.items()))
    if (together or not is_clear(reason, spec)) and not sample_passes(spec, processor, attempt):
        return
    text = str(reason) if is_clear(reason, spec) else explained(reason, spec, items[place])
    error_class = TypeError if isinstance(reason, TypeError) else ValueError
    raise error_class(text if places is None else f"input {places[place]}: {text}") from error


def is_clear(error: Exception, spec: Any) -> bool:
    """Whether an error about an input was raised by our code, not inside a library."""
    if not isinstance(error, INPUT_ERRORS):
        return False
    *_, (frame, _) = walk_tb(error.__traceback__)
    module = str(frame.f_globals.get("__name__", ""))
    own = {__name__.partition(".")[0], spec.module.__name__.partition(".")[0]}
    return module.partition(".")[0] in own


def explained(error: Exception, spec: Any, item: Any) -> str:
    """A message with a library's error for an input, and the input that the task expects."""
    reason = f"{type(error).__name__}: {error}".splitlines()[0][:200]
    return (
        f"{spec.name} fails with this input ({reason}); expected {', '.join(spec.inputs)}, such as"
        f" {spec.samples[0]!r:.120}; got {reprlib.repr(item):.80}"
    )


def failures(items: list[Any], attempt: Callable[[Any], Any]) -> dict[int, Exception]:
    """Index -> exception of each input that fails alone."""
    errors: dict[int, Exception] = {}
    for place, item in enumerate(items):
        try:
            attempt(item)
        except Exception as error:
            errors[place] = error
    return errors


def sample_passes(spec: Any, processor: Any, attempt: Callable[[Any], Any]) -> bool:
    """Whether the task's first sample can be used with the call's parameters."""
    try:
        attempt(sample_inputs(spec, processor)[0])
    except Exception:
        return False
    return True


def input_at_fault(
    spec: Any, encoded: Any, places: Sequence[int] | None, processor: Any, config: Any
) -> str:
    """Why the inputs of a failed run are invalid; empty if unknown.

    Args:
        encoded: the result of `encode`, one `Encoded` or several.
        places: indices of the inputs in the call; None if it has one.
    """
    calls = encoded if isinstance(encoded, list) else [encoded]
    problem = too_long(spec, calls, processor, config) or too_short(spec, calls)
    if problem is None:
        return ""
    row, reason = problem
    return reason if places is None or row >= len(places) else f"input {places[row]}: {reason}"


def too_long(spec: Any, calls: list[Any], processor: Any, config: Any) -> tuple[int, str] | None:
    """The row of the first text that exceeds the model's limit with new tokens, and a message."""
    tokenizer = getattr(processor, "tokenizer", processor)
    limit = longest_text(tokenizer, text_part(config))
    rows = [len(row) for call in calls for row in call.inputs.get("input_ids", ())]
    more = new_tokens_asked(spec, calls, config)
    if limit is None or not rows or max(rows) + more <= limit:
        return None
    mask = [row.sum() for call in calls for row in call.inputs.get("attention_mask", ())]
    lengths = [int(length) for length in mask] or rows
    place = max(range(len(lengths)), key=lambda row: lengths[row])
    if max(rows) <= limit:
        return place, (
            f"the text has {lengths[place]} tokens, up to {more + 1} are generated, and this model"
            f" accepts at most {limit}: shorten the text or reduce max_new_tokens"
        )
    return place, (
        f"the text has {lengths[place]} tokens, but this model accepts at most {limit}: shorten it,"
        " or use truncation=True if the task has that parameter"
    )


def new_tokens_asked(spec: Any, calls: list[Any], config: Any) -> int:
    """The number of generated tokens that the model reads as input: `max_new_tokens` - 1.

    0 if it does not generate, or the number is not set.
    """
    if spec.run == "forward" or getattr(config, "is_encoder_decoder", False):
        return 0
    name = "max_new_tokens"
    lengths = [{**spec.generation_defaults, **call.generate_kwargs}.get(name) for call in calls]
    return max((int(count) - 1 for count in lengths if count), default=0)


def too_short(spec: Any, calls: list[Any]) -> tuple[int, str] | None:
    """The row of the first audio clip that is too short for the model, and a message."""
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
        f"the audio is too short for this model: {length} of {name}; use at least 0.1 seconds"
    )


def check_results(spec: Any, results: list[Any], count: int) -> None:
    """Check that a task returned exactly one result for each of `count` inputs.

    Raises:
        RuntimeError: it returned more or fewer.
    """
    if len(results) != count:
        raise RuntimeError(
            f"the task {spec.name} returned {len(results)} results for {count} inputs: its decode"
            " must return one for each, with all hypotheses in it. This is an error in the task's"
            " code, not in the inputs"
        )
