# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""transformers' own pipeline on a loaded model: a reference that is independent of our code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import partial
from typing import TYPE_CHECKING, Any

from ..calls.seeded import drawn_from
from ..tasks.processor_parts import PARTS

if TYPE_CHECKING:
    from ..serving.endpoint import EndpointHandler
    from ..tasks.spec import TaskSpec

OF_GENERATE = "generate_kwargs"
"""Options that some pipelines take under this name, and others directly."""

RECORDING = "recording"
"""The form of samples that are files of speech."""
TRANSCRIPTION = ("text", "chunks")
"""The keys of a transcription."""


def pipeline_of(model: Any, processor: Any, spec: TaskSpec) -> Callable[..., Any]:
    """The transformers pipeline of the task, with the parameters of its samples.

    Raises:
        LookupError: no pipeline to compare with; the message says why.
    """
    import transformers

    if spec.pipeline is None:
        raise LookupError("no pipeline does the task")
    parts = {
        name: processor
        for name, part in PARTS.items()
        if isinstance(processor, getattr(transformers, part.base_class))
    }
    if not parts:
        parts = {name: getattr(processor, name) for name in PARTS if hasattr(processor, name)}
        parts["processor"] = processor
    if spec.adapter:
        raise LookupError("the pipeline passes no word boxes to the model")
    try:
        pipeline = transformers.pipeline(spec.pipeline, model=model, **parts)
    except ImportError as error:
        raise LookupError(" ".join(str(error).split())[:90]) from error
    return partial(pipeline, **spec.sample_params)


class Reference:
    """The pipeline of a handler's task, for inputs in the form of samples."""

    def __init__(self, handler: EndpointHandler) -> None:
        self.handler, self.oracle = handler, str(handler.spec.oracle)
        # Pipelines change settings of the processor.
        processor = deepcopy(handler.processor)
        self.pipeline: Any = pipeline_of(handler.endpoint, processor, handler.spec)

    @classmethod
    def of(cls, handler: EndpointHandler) -> Reference | None:
        """The reference of a handler; None if no pipeline gives the same results."""
        if handler.spec.oracle is None or not handler.platform.reference:
            return None
        try:
            return cls(handler)
        except Exception:  # the processor cannot be copied, or the pipeline does not take it
            return None

    def answer(self, sample: Any, parameters: Mapping[str, Any], seed: int | None) -> Any:
        """The pipeline's result in a list; None if it does not take the input or a parameter."""
        given = dict(parameters)
        inner = given.pop(OF_GENERATE, {})
        for form in (parameters, {**given, **inner}) if inner else (parameters,):
            try:
                with drawn_from(seed):  # the same random numbers as the handler's
                    result = self.pipeline(pipeline_input(sample, self.oracle), **form)
                return [transcription(result) if self.oracle == RECORDING else result]
            except Exception:  # it does not take the input, or this form of the parameters
                continue
        return None


def transcription(result: Any) -> Any:
    """A transcription without what the pipeline adds from the feature extractor's outputs.

    Results of another form, such as labels of a recording, are unchanged.
    """
    if not isinstance(result, dict):
        return result
    return {name: result[name] for name in TRANSCRIPTION if name in result}


def pipeline_input(sample: Any, oracle: str) -> Any:
    """A sample in the form that the pipeline accepts; a recording as the content of its file."""
    if oracle != RECORDING or not isinstance(sample, str):
        return dict(sample) if isinstance(sample, dict) else sample
    import soundfile

    waveform, rate = soundfile.read(sample, dtype="float32")
    return {"raw": waveform.mean(-1) if waveform.ndim > 1 else waveform, "sampling_rate": rate}
