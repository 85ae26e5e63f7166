"""Music in, its notes out (task `automatic-music-transcription`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.media.audio import load_audio
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.model_outputs import as_tensor


def encode(
    audios: list[Any],
    processor: Any,
    config: Any,
    composer: str = "composer1",
    generate_kwargs: Mapping[str, Any] | None = None,
) -> list[Encoded]:
    """One call for each audio clip, with its features by beat."""
    rate = processor.feature_extractor.sampling_rate
    calls = []
    for clip in audios:
        waveform = load_audio(clip, rate)
        features = processor(audio=waveform, sampling_rate=rate, return_tensors="pt")
        options = {"composer": composer, **(generate_kwargs or {})}
        inputs = {"input_features": features["input_features"]}
        calls.append(Encoded(inputs, options, context=features))
    return calls


def decode(
    outputs: list[Mapping[str, np.ndarray]], encoded: list[Encoded], processor: Any, config: Any
) -> list[dict[str, list[dict[str, Any]]]]:
    """Per audio clip its `notes` with `start` and `end` (seconds), `pitch` and `velocity`."""
    results = []
    for call, request in zip(outputs, encoded):
        notes = processor.batch_decode(
            as_tensor(call["sequences"]), request.context, return_midi=False
        )
        results.append({"notes": [as_note(note) for note in notes["notes"]]})
    return results


def as_note(note: Any) -> dict[str, Any]:
    """A note as Python numbers."""
    return {
        "start": float(note.start),
        "end": float(note.end),
        "pitch": int(note.pitch),
        "velocity": int(note.velocity),
    }
