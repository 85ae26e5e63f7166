"""Speech in, a speaker embedding out; for two audio clips, whether the speakers are the same.

Task `speaker-verification`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.tasks.audio import audio_features
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.vectors import unit

PAIR = ("audio", "audio_pair")


def encode(items: list[Any], feature_extractor: Any, config: Any) -> list[Encoded]:
    """One call for each audio clip, two for a pair `{"audio", "audio_pair"}`."""
    audios = [clip for item in items for clip in clips_of(item)]
    inputs = [audio_features([clip], feature_extractor) for clip in audios]
    return [Encoded(features, context=[is_pair(item) for item in items]) for features in inputs]


def is_pair(item: Any) -> bool:
    """Whether an item has two audio clips."""
    return isinstance(item, dict) and set(PAIR) <= set(item)


def clips_of(item: Any) -> list[Any]:
    """The audio clips of an item, in order."""
    return [item[name] for name in PAIR] if is_pair(item) else [item]


def decode(
    outputs: list[Mapping[str, np.ndarray]],
    encoded: list[Encoded],
    feature_extractor: Any,
    config: Any,
    threshold: float = 0.86,
) -> list[dict[str, Any]]:
    """`{"embedding"}`; for a pair `{"embeddings", "similarity", "same_speaker"}`.

    The embedding has unit length; the similarity of two is their cosine.
    """
    voices = iter(unit(call["embeddings"][0]) for call in outputs)
    results: list[dict[str, Any]] = []
    for pair in encoded[0].context:
        voice = next(voices)
        results.append(
            compare(voice, next(voices), threshold) if pair else {"embedding": voice.tolist()}
        )
    return results


def compare(voice: np.ndarray, other: np.ndarray, threshold: float) -> dict[str, Any]:
    """Whether two voices are the same."""
    similarity = float(voice @ other)
    return {
        "embeddings": [voice.tolist(), other.tolist()],
        "similarity": similarity,
        "same_speaker": similarity > threshold,
    }
