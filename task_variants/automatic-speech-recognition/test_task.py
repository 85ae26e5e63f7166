"""`automatic-speech-recognition` gives what transformers' pipeline gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import soundfile

TASK = "automatic-speech-recognition"


def test_equals_the_pipeline(cell: Any) -> None:
    if not hasattr(cell.spec.module, "padded_features"):
        pytest.skip("the pipeline gives this model the audio without the prompt that it needs")
    # Where the checkpoint says nothing, the pipeline has defaults of its own.
    generation = {"generate_kwargs": {"max_new_tokens": 8, "num_beams": 1}}
    options = generation if cell.spec.run == "generate" else {}
    for path in cell.samples:
        waveform, rate = soundfile.read(path, dtype="float32")
        # The pipeline changes the dict that it is given.
        audio = {"array": waveform, "sampling_rate": rate}
        expected = cell.pipeline(dict(audio), **options)
        cell.assert_equal(cell.run(path, **options), {"text": expected["text"]})
        cell.assert_equal(cell.run(audio, **options), cell.run(path, **options))


def test_resamples(cell: Any) -> None:
    silence = {"array": np.zeros(8000, np.float32), "sampling_rate": 8000}
    same = {"array": np.zeros(16000, np.float32), "sampling_rate": 16000}
    cell.assert_equal(cell.run(silence), cell.run(same))
