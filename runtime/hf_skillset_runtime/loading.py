"""How checkpoints are found, and the processor that one has beside its model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .tasks.processor_parts import AUTO_CLASSES
from .tasks.spec import TaskSpec

HUB_OPTIONS = ("token", "revision", "cache_dir")
"""Options of `metadata` that say where a checkpoint comes from, as `from_pretrained` takes them:
the hub's access token, a branch, tag or commit, and the folder of downloaded files."""


def hub_options(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `metadata` that `from_pretrained` takes for every file of a checkpoint."""
    return {name: metadata[name] for name in HUB_OPTIONS if metadata.get(name) is not None}


@dataclass(eq=False)
class Parts:
    """A tokenizer and a feature extractor that no class of transformers combines."""

    tokenizer: Any
    feature_extractor: Any


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
