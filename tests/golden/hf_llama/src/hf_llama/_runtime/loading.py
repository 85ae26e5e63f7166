# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Loads the processor of a task from a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .hub import hub_options
from .tasks.limits import text_part
from .tasks.processor_parts import AUTO_CLASSES
from .tasks.spec import TaskSpec


@dataclass(eq=False)
class Parts:
    """A tokenizer and a feature extractor that no class of transformers combines."""

    tokenizer: Any
    feature_extractor: Any


def share_padding(config: Any, processor: Any) -> None:
    """Set the padding token of a configuration that has none to its tokenizer's.

    Classifiers need it to find the last token of each text.
    """
    padding = getattr(getattr(processor, "tokenizer", processor), "pad_token_id", None)
    if padding is None or not hasattr(config, "get_text_config"):
        return
    for part in (config, text_part(config)):
        if getattr(part, "pad_token_id", None) is None:
            part.pad_token_id = padding


def load_processor(
    checkpoint: str, spec: TaskSpec, transformers: Any, metadata: Mapping[str, Any]
) -> Any:
    """The task's processor from `checkpoint` (hub id or local folder); None if the task has none.

    Raises:
        OSError: `checkpoint` is neither a local folder nor a model on the hub.
    """
    if spec.processor == "none":
        return None
    options = {"trust_remote_code": False, **hub_options(metadata)}
    auto_class = getattr(transformers, AUTO_CLASSES[spec.processor])
    processor = auto_class.from_pretrained(checkpoint, **options)
    is_tokenizer = isinstance(processor, transformers.PreTrainedTokenizerBase)
    if tuple(spec.inputs) == ("audio",) and is_tokenizer:
        # No class combines the parts of this checkpoint: AutoProcessor returned the tokenizer only.
        extractor = transformers.AutoFeatureExtractor.from_pretrained(checkpoint, **options)
        return Parts(tokenizer=processor, feature_extractor=extractor)
    return spec.adapted(processor)


def save_processor(processor: Any, folder: Path) -> None:
    """Save a processor, or a pair of tokenizer and feature extractor."""
    if processor is None:
        return
    for part in vars(processor).values() if isinstance(processor, Parts) else [processor]:
        part.save_pretrained(folder)
