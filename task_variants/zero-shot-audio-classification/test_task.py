"""`zero-shot-audio-classification` gives what transformers' pipeline gives."""

from __future__ import annotations

from typing import Any

import soundfile
import soxr

TASK = "zero-shot-audio-classification"


def test_equals_the_pipeline(cell: Any) -> None:
    expected_rate = cell.opened.processor.feature_extractor.sampling_rate
    for path in cell.samples:
        waveform, rate = soundfile.read(path, dtype="float32")
        waveform = soxr.resample(waveform, rate, expected_rate)
        cell.assert_equal(cell.run(path), cell.pipeline(waveform))
