"""Speech in, its text out (task `automatic-speech-recognition`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.tasks.audio import padded_features
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.generation import generation_options


def encode(
    items: list[Any],
    processor: Any,
    config: Any,
    return_timestamps: bool | str | None = None,
    max_new_tokens: int | None = None,
    generate_kwargs: Mapping[str, Any] | None = None,
) -> Encoded:
    """Load, resample and turn the audio into the model's features."""
    if return_timestamps:
        raise ValueError("this model gives no times; call without return_timestamps")
    options = generation_options(max_new_tokens, None, generate_kwargs)
    return Encoded(padded_features(items, processor), options)


def decode(
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    processor: Any,
    config: Any,
    facts: Mapping[str, Any],
    return_timestamps: bool | str | None = None,
) -> list[dict[str, Any]]:
    """The text of each input."""
    texts = processor.tokenizer.batch_decode(
        outputs["sequences"], skip_special_tokens=True, **facts.get("decode_options", {})
    )
    return [{"text": text} for text in texts]
