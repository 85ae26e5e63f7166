"""Models that turn a text and other media into states of both."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from .media_kinds import load_all
from .model_outputs import as_tensor
from .placeholders import with_placeholders
from .prompts import as_text_with_media


def encode_joint(
    item: Any, processor: Any, kinds: Collection[str], further: Collection[str] = ()
) -> dict[str, Any]:
    """The model's inputs for a dict of a text and media.

    Args:
        further: keys of the dict that the processor does not take.

    Raises:
        TypeError: `item` is no dict with a text.
        ValueError: it holds what the model does not take.
    """
    if not isinstance(item, dict):
        raise TypeError(f"expected a dict with text, images, ...; got {repr(item)[:80]}")
    text, media = as_text_with_media(item, kinds, further)
    opened = {
        key: values if len(values) > 1 else values[0]
        for key, values in load_all(media, processor).items()
    }
    rate = {"sampling_rate": processor.feature_extractor.sampling_rate} if "audio" in media else {}
    prompt = with_placeholders(text, media, processor)
    return dict(processor(text=prompt, **opened, **rate, return_tensors="pt"))


def decode(
    outputs: list[Mapping[str, np.ndarray]],
    encoded: Any,
    processor: Any,
    config: Any,
    return_tensors: bool = False,
) -> list[dict[str, Any]]:
    """Per input every tensor of the model's output by its name, as lists or as tensors."""
    return [
        {
            name: as_tensor(value) if return_tensors else value.tolist()
            for name, value in found.items()
            if isinstance(value, np.ndarray)
        }
        for found in outputs
    ]
