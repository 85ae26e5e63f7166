# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""Loads what a checkpoint has beside its model: the processor of a task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .hub import hub_options
from .tasks.processor_parts import AUTO_CLASSES
from .tasks.spec import TaskSpec


@dataclass(eq=False)
class Parts:
    """A tokenizer and a feature extractor that no class of transformers combines."""

    tokenizer: Any
    feature_extractor: Any


def share_padding(config: Any, processor: Any) -> None:
    """Let a model know the padding token of its tokenizer where its configuration names none.

    Classifiers find the last token of each text by it.
    """
    padding = getattr(getattr(processor, "tokenizer", processor), "pad_token_id", None)
    if padding is None or not hasattr(config, "get_text_config"):
        return
    for part in (config, config.get_text_config()):
        if getattr(part, "pad_token_id", None) is None:
            part.pad_token_id = padding


def load_processor(
    checkpoint: str, spec: TaskSpec, transformers: Any, metadata: Mapping[str, Any]
) -> Any:
    """The task's processor from `checkpoint` (hub id or local folder); None where it has none.

    Raises:
        OSError: `checkpoint` is neither a local folder nor a model on the hub.
    """
    if spec.processor == "none":
        return None
    options = {"trust_remote_code": False, **hub_options(metadata)}
    auto_class = getattr(transformers, AUTO_CLASSES[spec.processor])
    processor = auto_class.from_pretrained(checkpoint, **options)
    if tuple(spec.inputs) == ("audio",) and hasattr(processor, "convert_tokens_to_ids"):
        # No class combines this type's parts: AutoProcessor gave the tokenizer alone.
        extractor = transformers.AutoFeatureExtractor.from_pretrained(checkpoint, **options)
        return Parts(tokenizer=processor, feature_extractor=extractor)
    return spec.adapted(processor)
