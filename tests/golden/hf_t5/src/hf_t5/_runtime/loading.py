# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""Loads what a checkpoint has beside its model: the processor of a task."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from .tasks.processor_parts import AUTO_CLASSES
from .tasks.spec import TaskSpec


def load_processor(checkpoint: str, spec: TaskSpec, transformers: Any) -> Any:
    """The task's processor from `checkpoint` (hub id or local folder); None where it has none.

    Raises:
        OSError: `checkpoint` is neither a local folder nor a model on the hub.
    """
    if spec.processor == "none":
        return None
    auto_class = getattr(transformers, AUTO_CLASSES[spec.processor])
    processor = auto_class.from_pretrained(checkpoint, trust_remote_code=False)
    if tuple(spec.inputs) == ("audio",) and hasattr(processor, "convert_tokens_to_ids"):
        # No class combines this type's parts: AutoProcessor gave the tokenizer alone.
        extractor = transformers.AutoFeatureExtractor.from_pretrained(checkpoint)
        return SimpleNamespace(tokenizer=processor, feature_extractor=extractor)
    return spec.adapted(processor)
