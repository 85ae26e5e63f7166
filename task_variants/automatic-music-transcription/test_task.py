"""`automatic-music-transcription` gives the notes that the model and its processor give."""

from __future__ import annotations

from typing import Any

import soundfile
import soxr

TASK = "automatic-music-transcription"


def test_equals_generate(cell: Any) -> None:
    processor, model = cell.opened.processor, cell.opened.endpoint
    expected_rate = processor.feature_extractor.sampling_rate
    for path in cell.samples:
        waveform, rate = soundfile.read(path, dtype="float32")
        waveform = soxr.resample(waveform, rate, expected_rate)
        features = processor(audio=waveform, sampling_rate=expected_rate, return_tensors="pt")
        tokens = model.generate(features["input_features"], composer="composer1")
        notes = processor.batch_decode(tokens, features)["notes"]
        result = cell.run(path)["notes"]
        assert [note["pitch"] for note in result] == [note.pitch for note in notes]
        cell.assert_equal([note["start"] for note in result], [float(n.start) for n in notes])
