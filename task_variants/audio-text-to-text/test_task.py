"""`audio-text-to-text` gives what the model's own `generate` gives."""

from __future__ import annotations

from typing import Any

import pytest
import soundfile
import soxr

TASK = "audio-text-to-text"


def chat(cell: Any, sample: dict[str, str]) -> list[dict[str, Any]]:
    waveform, rate = soundfile.read(sample["audio"], dtype="float32")
    expected = cell.opened.processor.feature_extractor.sampling_rate
    audio = {"type": "audio", "audio": soxr.resample(waveform, rate, expected)}
    return [{"role": "user", "content": [audio, {"type": "text", "text": sample["text"]}]}]


def test_equals_generate(cell: Any) -> None:
    processor, model = cell.opened.processor, cell.opened.endpoint
    if not getattr(processor, "chat_template", None):
        pytest.skip("the processor has no chat template")
    options = {"tokenize": True, "return_dict": True, "add_generation_prompt": True}
    for sample in cell.samples:
        messages = chat(cell, sample)
        inputs = processor.apply_chat_template(messages, return_tensors="pt", **options)
        tokens = model.generate(**inputs, **cell.spec.sample_params)
        (text,) = processor.batch_decode(tokens, skip_special_tokens=True)
        (answer,) = cell.run(sample)
        assert answer["input_text"] == sample["text"]
        assert text.endswith(answer["generated_text"])
        assert cell.run(messages)[0]["generated_text"] == answer["generated_text"]
