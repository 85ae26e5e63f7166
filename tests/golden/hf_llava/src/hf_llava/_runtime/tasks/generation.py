# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""Options of `generate` that the text-generating tasks share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


def generation_options(
    max_new_tokens: int | None,
    do_sample: bool | None,
    generate_kwargs: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """What is set of the common options, and `generate_kwargs`; the checkpoint decides the rest.

    Raises:
        ValueError: `max_new_tokens` or `do_sample` is given in both places.
    """
    named = {"max_new_tokens": max_new_tokens, "do_sample": do_sample}
    options = {name: value for name, value in named.items() if value is not None}
    extra = dict(generate_kwargs or {})
    if twice := sorted(set(options) & set(extra)):
        raise ValueError(f"{twice[0]!r} is given directly and in generate_kwargs: use one")
    return {**extra, **options}


def new_tokens(outputs: Mapping[str, np.ndarray], inputs: Mapping[str, Any]) -> np.ndarray:
    """The generated tokens without the prompt, which some models repeat before them."""
    prompt, sequences = np.asarray(inputs["input_ids"]), outputs["sequences"]
    repeated = np.array_equal(sequences[: len(prompt), : prompt.shape[1]], prompt)
    return sequences[:, prompt.shape[1] :] if repeated else sequences
