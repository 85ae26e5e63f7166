"""`audio-tokenization` gives the codes and the audio that the transformers model itself gives."""

from __future__ import annotations

from typing import Any

import soundfile
import soxr

TASK = "audio-tokenization"


def model_outputs(cell: Any, path: str) -> Any:
    extractor = cell.opened.processor
    waveform, rate = soundfile.read(path, dtype="float32")
    waveform = soxr.resample(waveform, rate, extractor.sampling_rate)
    inputs = extractor(waveform, sampling_rate=extractor.sampling_rate, return_tensors="pt")
    names = [name for name in extractor.model_input_names if name in inputs]
    fixed = cell.spec.facts.get("inputs", {})
    return cell.model_outputs(**{name: inputs[name] for name in names}, **fixed)


def test_equals_the_model(cell: Any) -> None:
    for path in cell.samples:
        outputs, result = model_outputs(cell, path), cell.run(path)
        name = "audio_codes" if "audio_codes" in outputs else "latents"
        cell.assert_equal(result[name].flatten(), outputs[name].flatten())
        audio = outputs["audio_values"] if "audio_values" in outputs else outputs["audio"]
        cell.assert_equal(result["audio"], audio[0, ..., : result["audio"].shape[-1]].squeeze())


def test_the_rebuilt_audio_lasts_as_long(cell: Any) -> None:
    for path in cell.samples:
        result, seconds = cell.run(path), soundfile.info(path).duration
        assert abs(result["audio"].shape[-1] / result["sampling_rate"] - seconds) < 0.1
