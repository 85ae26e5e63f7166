# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Generated texts end where they should, and show no token that ends them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..compare.differences import differences
from ..serving.streaming import text_in
from .claims import special_token_in

if TYPE_CHECKING:
    from ..serving.endpoint import EndpointHandler


def wrong_ending(handler: EndpointHandler, sample: Any, takes_stops: bool) -> str:
    """What is wrong with the end of a generated text; empty if nothing is.

    Args:
        takes_stops: whether `stop_sequence` means something to the model.
    """
    return shown_end(handler, sample) or (ignored_stop(handler, sample) if takes_stops else "")


def shown_end(handler: EndpointHandler, sample: Any) -> str:
    """An end token that the text shows where the model generates one."""
    spec = handler.spec
    if "generate_kwargs" not in spec.handler_params or spec.output["format"] != "text":
        return ""
    tokenizer = getattr(handler.processor, "tokenizer", handler.processor)
    token, number = getattr(tokenizer, "eos_token", None), getattr(tokenizer, "eos_token_id", None)
    if token is None or number is None or token in str(sample):
        return ""
    given = spec.sample_params
    options = {**given.get("generate_kwargs", {}), "forced_eos_token_id": number}
    result = answer(handler, sample, {**given, "generate_kwargs": options})
    shown = special_token_in(result, [token])
    return f"the text shows the end token {shown!r}" if shown else ""


def ignored_stop(handler: EndpointHandler, sample: Any) -> str:
    """Whether a text goes on after a string that should stop it: a letter of its second token."""
    given = handler.spec.sample_params
    first = answer(handler, sample, {**given, "max_new_tokens": 1})
    second = answer(handler, sample, {**given, "max_new_tokens": 2})
    whole = answer(handler, sample, given)
    if first is None or second is None or whole is None or not differences(second, whole, 0.0):
        return ""  # two tokens are the whole text
    piece = text_in(second)[len(text_in(first)) :]
    letters = [letter for letter in piece if letter.isascii() and letter.isalnum()]
    if not letters:
        return ""
    stopped = answer(handler, sample, {**given, "stop_sequence": letters[0]})
    if stopped is None or differences(stopped, whole, 0.0):
        return ""
    return f"stop_sequence={letters[0]!r} does not stop the text"


def answer(handler: EndpointHandler, sample: Any, parameters: Mapping[str, Any]) -> Any:
    """The result for other parameters; None if the model rejects them."""
    try:
        return handler(sample, **parameters)["result"]
    except (NotImplementedError, TypeError, ValueError):
        return None
