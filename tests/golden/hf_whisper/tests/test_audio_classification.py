"""`audio-classification` gives what transformers' pipeline gives."""

from __future__ import annotations

from typing import Any

import pytest
import soundfile

TASK = "audio-classification"


@pytest.mark.parametrize("options", [{}, {"top_k": 1}, {"function_to_apply": "sigmoid"}])
def test_equals_the_pipeline(cell: Any, options: dict[str, Any]) -> None:
    for path in cell.samples:
        waveform, rate = soundfile.read(path, dtype="float32")
        audio = {"array": waveform, "sampling_rate": rate}
        cell.assert_equal(cell.run(path, **options), cell.pipeline(audio, **options))
        cell.assert_equal(cell.run(audio, **options), cell.run(path, **options))
