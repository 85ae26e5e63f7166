"""`audio-frame-classification` gives what the transformers model itself gives."""

from __future__ import annotations

from typing import Any

import soundfile

TASK = "audio-frame-classification"


def test_equals_the_model(cell: Any) -> None:
    for path in cell.samples:
        waveform, rate = soundfile.read(path, dtype="float32")
        inputs = cell.opened.processor(waveform, sampling_rate=rate, return_tensors="pt")
        expected = cell.model_outputs(**inputs).logits[0].sigmoid()
        cell.assert_equal(cell.run(path)["probabilities"], expected)


def test_threshold_decides_the_labels(cell: Any) -> None:
    path, names = cell.samples[0], list(cell.opened.endpoint.config.id2label.values())
    assert all(labels == names for labels in cell.run(path, threshold=0.0)["labels"])
    assert not any(cell.run(path, threshold=1.0)["labels"])
