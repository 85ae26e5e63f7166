"""Audio and candidate labels in, a score per label out.

Task `zero-shot-audio-classification`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.tasks.audio import audio_features
from hf_skillset_runtime.tasks.candidate_labels import as_captions, as_labels, scored_labels
from hf_skillset_runtime.tasks.encoded import Columns, Encoded
from hf_skillset_runtime.tasks.scores import softmax


def encode(
    audios: list[Any],
    processor: Any,
    config: Any,
    candidate_labels: list[str],
    hypothesis_template: str = "This is a sound of {}.",
) -> Encoded:
    """The audio clips' features and the captions' tokens; the model compares all pairs."""
    captions = as_captions(candidate_labels, hypothesis_template)
    tokens = processor.tokenizer(captions, padding=True, return_tensors="np")
    features = audio_features(audios, processor.feature_extractor)
    columns = Columns(tuple(tokens), 0, {"logits_per_audio": 1, "logits_audio_text": 1})
    return Encoded({**tokens, **features}, context=as_labels(candidate_labels), columns=columns)


def decode(
    outputs: Mapping[str, np.ndarray], encoded: Encoded, processor: Any, config: Any
) -> list[list[dict[str, Any]]]:
    """Per audio clip `{"score", "label"}` of each label, best first."""
    name = "logits_per_audio" if "logits_per_audio" in outputs else "logits_audio_text"
    return [scored_labels(row, encoded.context) for row in softmax(outputs[name])]
