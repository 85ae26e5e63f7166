"""transformers' own pipeline on a loaded model: a reference that is independent of our code."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from ..tasks.processor_parts import PARTS

if TYPE_CHECKING:
    from ..tasks.spec import TaskSpec


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
