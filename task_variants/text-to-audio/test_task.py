"""`text-to-audio` gives what transformers' pipeline gives; a spectrogram what the model gives."""

from __future__ import annotations

from typing import Any

import pytest
import torch

TASK = "text-to-audio"


def speaks_in_chats(config: Any) -> bool:
    """Whether the model speaks only where a chat asks for it."""
    return hasattr(config, "talker_config") or hasattr(config, "audio_stream_bos_id")


def test_speech_equals_the_models(cell: Any) -> None:
    processor, model = cell.opened.processor, cell.opened.endpoint
    if not speaks_in_chats(model.config):
        pytest.skip("the pipeline is compared")
    talks = hasattr(model.config, "talker_config")
    length = cell.spec.sample_params["max_new_tokens"]
    for text in cell.samples:
        inputs = processor.apply_chat_template(
            [{"role": "user", "content": [{"type": "text", "text": text}]}],
            add_generation_prompt=True,
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
        )
        torch.manual_seed(0)
        if talks:
            options = {"thinker_max_new_tokens": length, "talker_max_new_tokens": length}
            _, waveform = model.generate(**inputs, **options)
            waveform = waveform.squeeze()
        else:
            codes = model.generate(**inputs, max_new_tokens=length + model.config.num_codebooks)
            waveform = processor.decode(codes)
        loudest = float(waveform.abs().max())  # an untrained vocoder whispers
        cell.assert_equal(cell.run(text)["audio"] / loudest, waveform / loudest)


def test_equals_the_pipeline(cell: Any) -> None:
    if cell.spec.auto_class == "AutoModelForTextToSpectrogram":
        pytest.skip("the pipeline wants a vocoder")
    if speaks_in_chats(cell.opened.endpoint.config):
        pytest.skip("the pipeline gives the model no chat")
    generates = cell.spec.run == "generate"
    names = cell.spec.facts.get("length_options", ["max_new_tokens"])
    delay = max(getattr(cell.opened.endpoint.config, "delay_pattern", [0]))
    asked = dict.fromkeys(names, cell.spec.sample_params["max_new_tokens"] + delay)
    tokenizer = getattr(cell.opened.processor, "tokenizer", cell.opened.processor)
    if language := getattr(tokenizer, "tgt_lang", None):
        asked["tgt_lang"] = language
    options = {"generate_kwargs": asked} if generates else {}
    for text in cell.samples:
        torch.manual_seed(0)
        chat = [{"role": "user", "content": [{"type": "text", "text": text}]}]
        asks = chat if cell.spec.facts.get("chats_only") else text
        cell.assert_equal(cell.run(text), cell.pipeline.func(asks, **options))


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
