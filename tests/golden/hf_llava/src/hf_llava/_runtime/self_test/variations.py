# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""The handler's parameters: each has the effect that it is documented with.

A result with other parameters is compared with that of transformers' own pipeline, or, where no
pipeline does the task, with the result without the parameter: it, or at least the call of the
model, has to differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from inspect import signature
from typing import TYPE_CHECKING, Any

from ..calls.seeded import drawn_from
from ..compare.differences import differences
from ..tasks.encoded import Encoded
from ..tasks.languages import language_ids
from ..tasks.limits import longest_text, text_part
from ..tasks.samples import resolve_sample
from .claims import contradiction
from .endings import wrong_ending
from .forms import alike, same
from .oracle import Reference
from .rounding import tolerance_of

if TYPE_CHECKING:
    from ..serving.endpoint import EndpointHandler

INPUT, ORACLE = "input", "oracle"
"""The keys under which a set has an input of its own, and null where the pipeline ignores it."""
LANGUAGE, LABEL, LONG = "{language}", "{label}", "{long text}"
"""Values that stand for a language code of the tokenizer, for the model's first label, and for a
text of more tokens than the model accepts."""
LONGEST = 1024
"""A limit above it is not exceeded: the call would take too long."""
WORDS = "The boat left the quiet bay at dawn and Marta came back from Vienna at noon. "
OF_GENERATION = ("max_new_tokens", "do_sample", "generate_kwargs", "stop_sequence")
"""Parameters without a meaning for a model that generates nothing."""
SEED = 0
"""Seed of both sides of a comparison: those that sample draw equal numbers."""


def wrong_parameter(
    handler: EndpointHandler, samples: list[Any], single: list[Any], reference: Reference | None
) -> str:
    """A parameter that does not do what it is documented to; empty if there is none.

    Args:
        samples: different inputs of the task.
        single: the result for each of them, with the parameters of the samples.
        reference: the pipeline; None where there is none to compare with.
    """
    if all(is_nothing(each) for each in single) or has_one_label(handler):
        return ""
    for parameters, required in variations(handler):
        if problem := wrong_result(handler, samples, parameters, required, reference):
            return problem
    if handler.spec.run != "generate":
        return ""
    takes_stops = "stop_sequence" in handler.spec.handler_params
    return wrong_ending(handler, samples[0], takes_stops and is_taken(handler, "stop_sequence"))


def variations(handler: EndpointHandler) -> Iterator[tuple[dict[str, Any], bool]]:
    """Sets of parameters, and whether the last one of a set has to change a result."""
    for name, value in handler.spec.effects.items():
        yield {name: value}, True
    for stated in handler.spec.variations:
        given = with_values(stated, handler)
        if given is not None and all(is_taken(handler, name) for name in given):
            yield given, False


def with_values(stated: Mapping[str, Any], handler: EndpointHandler) -> dict[str, Any] | None:
    """Parameters with a language or a label of this model; None if it has none."""
    given = {}
    for name, value in stated.items():
        inner = value[0] if isinstance(value, list) and value else value
        if isinstance(inner, str) and inner in (LANGUAGE, LABEL, LONG):
            found = value_of(inner, handler)
            if not found:
                return None
            value = found if isinstance(value, list) else found[0]
        given[name] = value
    if INPUT in given:
        folder = handler.spec.sample_folder
        given[INPUT] = resolve_sample(given[INPUT], handler.processor, folder)
    return given


def value_of(name: str, handler: EndpointHandler) -> list[str]:
    """What a name in braces stands for with this model, in a list; empty if nothing."""
    if name == LANGUAGE:
        return sorted(language_ids(handler.processor))[-1:]
    if name == LABEL:
        return list((getattr(config_of(handler), "id2label", None) or {}).values())[:1]
    return too_long(handler)


def too_long(handler: EndpointHandler) -> list[str]:
    """A text that exceeds the model's limit by half; none if it has no limit, or a high one."""
    tokenizer = getattr(handler.processor, "tokenizer", handler.processor)
    limit = longest_text(tokenizer, text_part(config_of(handler)))
    if limit is None or limit > LONGEST:
        return []
    return [WORDS * (1 + limit * 3 // (2 * len(tokenizer.tokenize(WORDS))))]


def config_of(handler: EndpointHandler) -> Any:
    """The configuration of the handler's model."""
    return handler.platform.config(handler.endpoint)


def is_taken(handler: EndpointHandler, name: str) -> bool:
    """Whether the code for this model has a use for a parameter."""
    if name in (INPUT, ORACLE):
        return True
    if name in OF_GENERATION and handler.spec.run == "forward":
        return False
    module = handler.spec.module
    return any(name in signature(step).parameters for step in (module.encode, module.decode))


def wrong_result(
    handler: EndpointHandler,
    samples: list[Any],
    parameters: dict[str, Any],
    required: bool,
    reference: Reference | None,
) -> str:
    """What is wrong with the results for a set of parameters; empty if nothing is.

    Args:
        required: whether the last parameter has to change a result even if the pipeline agrees.
    """
    parameters = dict(parameters)
    reference = reference if parameters.pop(ORACLE, True) else None
    own_input = INPUT in parameters
    if own_input:
        samples = [parameters.pop(INPUT)]
        if not handler.pads():
            reference = None  # pipelines pad the windows of a long text
    changed = results_with(handler, samples, parameters)
    expected = reference.answer(samples[0], parameters, SEED) if reference else None
    given = said(parameters) or f"the input {samples[0]!r:.60}"
    if changed is None:  # this model rejects it
        refused = expected is not None and (own_input or not required)
        return f"{given} is refused; transformers' pipeline accepts it" if refused else ""
    for sample, result in zip(samples, changed):
        if problem := contradiction(handler, sample, result):
            return f"with {given}: {problem}"
    if expected is not None:
        unequal = differences(alone(changed[0]), alone(expected[0]), tolerance_of(handler))
        if unequal:
            return f"with {given} transformers' pipeline gives another result: {unequal[0]}"
    if not parameters or (expected is not None and not required):
        return ""
    *others, last = parameters
    before = {name: parameters[name] for name in others}
    without = results_with(handler, samples, before)
    if without is None or any(differences(new, old, 0.0) for new, old in zip(changed, without)):
        return ""
    if not required and changes_call(handler, samples[0], before, parameters):
        return ""  # a model may answer the same
    return f"{last}={parameters[last]!r} changes no result"


def changes_call(
    handler: EndpointHandler, sample: Any, before: Mapping[str, Any], after: Mapping[str, Any]
) -> bool:
    """Whether parameters change what the model is called with."""
    given = handler.spec.sample_params
    calls = [handler.encode([sample], **{**given, **each}) for each in (before, after)]
    one, other = ([call] if isinstance(call, Encoded) else call for call in calls)
    options = ([each.generate_kwargs for each in side] for side in (one, other))
    return not alike(one, other, same) or str(next(options)) != str(next(options))


def alone(result: Any) -> Any:
    """The only entry of a list; pipelines leave the list out for some inputs."""
    return result[0] if isinstance(result, list) and len(result) == 1 else result


def results_with(
    handler: EndpointHandler, samples: list[Any], parameters: Mapping[str, Any]
) -> list[Any] | None:
    """The results for other parameters; None if the model rejects them, or fails with them."""
    given = {**handler.spec.sample_params, **parameters}
    try:
        with drawn_from(SEED):
            return [handler(sample, **given)["result"] for sample in samples]
    except Exception:
        return None


def said(parameters: Mapping[str, Any]) -> str:
    """Parameters as an error message shows them."""
    return ", ".join(f"{name}={value!r}" for name, value in parameters.items())


def is_nothing(result: Any) -> bool:
    """Whether a result is empty, so that no parameter can change it."""
    return result is None or (hasattr(result, "__len__") and len(result) == 0)


def has_one_label(handler: EndpointHandler) -> bool:
    """Whether the model has a single label (regression): there is nothing to choose from."""
    return getattr(config_of(handler), "num_labels", 2) == 1
