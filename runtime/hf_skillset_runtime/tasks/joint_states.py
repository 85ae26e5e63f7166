"""Joint hidden states of a text and other media."""

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
        further: keys of the dict that are not passed to the processor.

    Raises:
        TypeError: `item` is not a dict with a text.
        ValueError: it has media that the model does not accept.
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
    """Per input, the tensors of the model's output by name, as lists or as tensors."""
    return [
        {
            name: as_tensor(value) if return_tensors else value.tolist()
            for name, value in call_outputs.items()
            if isinstance(value, np.ndarray)
        }
        for call_outputs in outputs
    ]
