"""`audio-feature-extraction` gives what the transformers model itself gives."""

from __future__ import annotations

from typing import Any

import soundfile

TASK = "audio-feature-extraction"


def test_equals_the_model(cell: Any) -> None:
    for path in cell.samples:
        waveform, rate = soundfile.read(path, dtype="float32")
        inputs = cell.opened.processor(waveform, sampling_rate=rate, return_tensors="pt")
        cell.assert_equal(cell.run(path), cell.model_outputs(**inputs)[0])
