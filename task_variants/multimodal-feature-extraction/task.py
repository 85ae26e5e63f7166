"""A text with other media in, joint hidden states out (task `multimodal-feature-extraction`)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.joint_states import decode, encode_joint

__all__ = ["decode", "encode"]


def encode(items: list[Any], processor: Any, config: Any, kinds: Collection[str]) -> list[Encoded]:
    """Preprocess `{"text", "images", "videos", "audio"}` items of the accepted modalities."""
    return [Encoded(encode_joint(item, processor, kinds)) for item in items]
