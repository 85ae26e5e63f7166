"""`text-to-audio` gives what transformers' pipeline gives; a spectrogram what the model gives."""

from __future__ import annotations

from typing import Any

import pytest
import torch

TASK = "text-to-audio"


def test_equals_the_pipeline(cell: Any) -> None:
    if cell.spec.auto_class == "AutoModelForTextToSpectrogram":
        pytest.skip("the pipeline wants a vocoder")
    generates = cell.spec.run == "generate"
    length = cell.spec.facts.get("length_option", "max_new_tokens")
    delay = max(getattr(cell.opened.endpoint.config, "delay_pattern", [0]))
    asked = {length: cell.spec.sample_params["max_new_tokens"] + delay}
    tokenizer = getattr(cell.opened.processor, "tokenizer", cell.opened.processor)
    if language := getattr(tokenizer, "tgt_lang", None):
        asked["tgt_lang"] = language
    options = {"generate_kwargs": asked} if generates else {}
    for text in cell.samples:
        torch.manual_seed(0)
        cell.assert_equal(cell.run(text), cell.pipeline.func(text, **options))


def test_equals_the_model(cell: Any) -> None:
    if cell.spec.auto_class != "AutoModelForTextToSpectrogram":
        pytest.skip("the pipeline is compared")
    processor, model = cell.opened.processor, cell.opened.endpoint
    tokenizer = getattr(processor, "tokenizer", processor)
    for text in cell.samples:
        inputs = dict(tokenizer([text], return_tensors="pt"))
        if hasattr(model.config, "speaker_embedding_dim"):
            inputs["speaker_embeddings"] = torch.zeros(1, model.config.speaker_embedding_dim)
        torch.manual_seed(0)
        with torch.no_grad():
            made = model.generate(**inputs) if cell.spec.run == "generate" else model(**inputs)
        spectrogram = made if isinstance(made, torch.Tensor) else made[0].squeeze(0)
        cell.assert_equal(cell.run(text)["spectrogram"], spectrogram)


def test_the_seed_decides(cell: Any) -> None:
    text = cell.samples[0]
    cell.assert_equal(cell.run(text, seed=3), cell.run(text, seed=3))
