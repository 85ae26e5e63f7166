"""`audio-feature-extraction` gives what the transformers model itself gives."""

from __future__ import annotations

from inspect import signature
from typing import Any

import soundfile
import soxr

TASK = "audio-feature-extraction"


def test_equals_the_model(cell: Any) -> None:
    extractor, takes = cell.opened.processor, signature(cell.opened.endpoint.forward).parameters
    mask = {"return_attention_mask": True} if "input_features_mask" in takes else {}
    for path in cell.samples:
        waveform, rate = soundfile.read(path, dtype="float32")
        waveform = soxr.resample(waveform, rate, extractor.sampling_rate)
        rate = extractor.sampling_rate
        inputs = extractor(waveform, sampling_rate=rate, return_tensors="pt", **mask)
        if mask:
            inputs["input_features_mask"] = inputs.pop("attention_mask")
        inputs = {name: value for name, value in inputs.items() if name in takes}
        cell.assert_equal(cell.run(path), cell.model_outputs(**inputs)[0])
