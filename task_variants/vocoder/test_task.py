"""`vocoder` gives the waveform that the transformers model itself gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import soundfile
import soxr

TASK = "vocoder"


def features(cell: Any, path: str) -> Any:
    extractor = cell.opened.processor
    waveform, rate = soundfile.read(path, dtype="float32")
    return extractor(
        soxr.resample(waveform, rate, extractor.sampling_rate),
        sampling_rate=extractor.sampling_rate,
        generator=np.random.default_rng(0),
        return_tensors="pt",
    )


def test_equals_the_model(cell: Any) -> None:
    for path in cell.samples:
        inputs = features(cell, path)
        cell.assert_equal(cell.run(path)["audio"], cell.model_outputs(**inputs).waveforms[0])
        spectrogram = {"spectrogram": inputs["input_features"][0].numpy()}
        cell.assert_equal(cell.run(spectrogram), cell.run(path))


def test_a_spectrogram_of_another_width_is_refused(cell: Any) -> None:
    with pytest.raises(ValueError, match="expected a spectrogram"):
        cell.run({"spectrogram": [[0.0]]})
