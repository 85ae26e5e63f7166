# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Options of `generate` that the text-generating tasks share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import numpy as np

Row = TypeVar("Row")


def generation_options(
    processor: Any,
    max_new_tokens: int | None = None,
    generate_kwargs: Mapping[str, Any] | None = None,
    *,
    do_sample: bool | None = None,
    stop_sequence: str | Sequence[str] | None = None,
) -> dict[str, Any]:
    """Merge the common options that the caller set with `generate_kwargs`.

    Args:
        processor: the tokenizer, or a processor that has one; it encodes the stop strings.
        stop_sequence: strings after which generation stops; alias of `stop_strings`.

    Raises:
        ValueError: an option is set both directly and in `generate_kwargs`.
    """
    stops = [stop_sequence] if isinstance(stop_sequence, str) else stop_sequence
    named = {"max_new_tokens": max_new_tokens, "do_sample": do_sample, "stop_strings": stops}
    options = {name: value for name, value in named.items() if value is not None}
    extra = dict(generate_kwargs or {})
    if twice := sorted(set(options) & set(extra)):
        raise ValueError(f"{twice[0]!r} is given directly and in generate_kwargs: use one")
    options = {**extra, **options}
    if options.get("stop_strings"):
        options.setdefault("tokenizer", getattr(processor, "tokenizer", processor))
    return options


def new_tokens(outputs: Mapping[str, np.ndarray], inputs: Mapping[str, Any]) -> np.ndarray:
    """The generated tokens (rows, tokens) without the prompt, which decoder-only models return.

    Args:
        outputs: `sequences` (rows, tokens); one or more rows for each row of the prompt.
        inputs: `input_ids` (prompts, tokens).
    """
    import numpy as np  # imported by platforms, which must be importable without numpy

    prompt, sequences = np.asarray(inputs["input_ids"]), outputs["sequences"]
    each = len(sequences) // len(prompt)
    prompts = np.repeat(prompt, each, axis=0)
    repeated = np.array_equal(sequences[:, : prompt.shape[1]], prompts)
    return sequences[:, prompt.shape[1] :] if repeated else sequences


def by_input(rows: Sequence[Row], count: int) -> list[list[Row]]:
    """Generated rows grouped by input: `num_return_sequences` rows for each of `count` inputs."""
    each = len(rows) // count
    return [list(rows[first : first + each]) for first in range(0, each * count, each)]


def one_or_all(hypotheses: list[Row]) -> Row | list[Row]:
    """The single hypothesis for an input, or the list of several."""
    return hypotheses[0] if len(hypotheses) == 1 else hypotheses
