"""Speech in, its text out (task `automatic-speech-recognition`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.tasks.audio import padded_features
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.generation import by_input, generation_options, one_or_all


def encode(
    items: list[Any],
    processor: Any,
    config: Any,
    return_timestamps: bool | str | None = None,
    max_new_tokens: int | None = None,
    generate_kwargs: Mapping[str, Any] | None = None,
    stop_sequence: str | list[str] | None = None,
) -> Encoded:
    """Load and resample the audio, and compute the model's features."""
    if return_timestamps:
        raise ValueError("this model returns no timestamps; call without return_timestamps")
    options = generation_options(
        processor, max_new_tokens, generate_kwargs, stop_sequence=stop_sequence
    )
    return Encoded(padded_features(items, processor), options, context=len(items))


def decode(
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    processor: Any,
    config: Any,
    facts: Mapping[str, Any],
    return_timestamps: bool | str | None = None,
) -> list[dict[str, Any] | list[dict[str, Any]]]:
    """The text of each input; a list of texts with `num_return_sequences`."""
    texts = processor.tokenizer.batch_decode(
        outputs["sequences"], skip_special_tokens=True, **facts.get("decode_options", {})
    )
    return [
        one_or_all([{"text": text} for text in one]) for one in by_input(texts, encoded.context)
    ]
