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
    for path in cell.samples:
        waveform, rate = soundfile.read(path, dtype="float32")
        # The pipeline changes the dict that it is given.
        audio = {"array": waveform, "sampling_rate": rate}
        expected = cell.pipeline(dict(audio))
        cell.assert_equal(cell.run(path), {"text": expected["text"]})
        cell.assert_equal(cell.run(audio), cell.run(path))


def test_without_options_equals_the_pipeline(cell: Any) -> None:
    if not hasattr(cell.spec.module, "padded_features"):
        pytest.skip("the pipeline gives this model the audio without the prompt that it needs")
    waveform, rate = soundfile.read(cell.samples[0], dtype="float32")
    audio = {"array": waveform, "sampling_rate": rate}
    expected = cell.pipeline.func(dict(audio))
    cell.assert_equal(cell.opened.handler(audio)["result"], {"text": expected["text"]})


def test_several_hypotheses_belong_to_their_input(cell: Any) -> None:
    if cell.spec.run != "generate" or cell.spec.module.__name__.endswith("realtime"):
        pytest.skip("this model has one hypothesis")
    beams = {"generate_kwargs": {"num_beams": 2, "num_return_sequences": 2}}
    try:
        single = [cell.run(path, **beams) for path in cell.samples]
    except (NotImplementedError, TypeError, ValueError) as error:
        pytest.skip(f"transformers has no beams for this model: {error}"[:120])
    assert all(len(hypotheses) == 2 for hypotheses in single)
    cell.assert_equal(cell.run(cell.samples, **beams), single)


def test_resamples(cell: Any) -> None:
    silence = {"array": np.zeros(8000, np.float32), "sampling_rate": 8000}
    same = {"array": np.zeros(16000, np.float32), "sampling_rate": 16000}
    cell.assert_equal(cell.run(silence), cell.run(same))
