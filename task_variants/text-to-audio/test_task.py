"""`text-to-audio` gives what transformers' pipeline gives; a spectrogram what the model gives."""

from __future__ import annotations

from typing import Any

import pytest
import torch

TASK = "text-to-audio"


def speaks_in_chats(cell: Any) -> bool:
    """Whether the model speaks only where a chat asks for it, which the pipeline does not give."""
    facts = cell.spec.facts
    return bool(facts.get("chats_only") and {"text_and_speech", "codebook_delay"} & set(facts))


def test_speech_equals_the_models(cell: Any) -> None:
    processor, model = cell.opened.processor, cell.opened.endpoint
    if not speaks_in_chats(cell):
        pytest.skip("the pipeline is compared")
    talks = cell.spec.facts.get("text_and_speech")
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
    if speaks_in_chats(cell):
        pytest.skip("the pipeline gives the model no chat")
    generates = cell.spec.run == "generate"
    names = cell.spec.facts.get("length_options", ["max_new_tokens"])
    length = cell.spec.sample_params["max_new_tokens"]
    if setting := cell.spec.facts.get("codebook_delay"):
        length += max(getattr(cell.opened.endpoint.config, setting))
    lengths = dict.fromkeys(names, length)
    tokenizer = getattr(cell.opened.processor, "tokenizer", cell.opened.processor)
    if language := getattr(tokenizer, "tgt_lang", None):
        lengths["tgt_lang"] = language
    options = {"generate_kwargs": lengths} if generates else {}
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
        if width := cell.spec.facts.get("speaker_width"):
            inputs["speaker_embeddings"] = torch.zeros(1, getattr(model.config, width))
        torch.manual_seed(0)
        with torch.no_grad():
            made = model.generate(**inputs) if cell.spec.run == "generate" else model(**inputs)
        spectrogram = made if isinstance(made, torch.Tensor) else made[0].squeeze(0)
        cell.assert_equal(cell.run(text)["spectrogram"], spectrogram)


def test_the_seed_decides(cell: Any) -> None:
    text = cell.samples[0]
    cell.assert_equal(cell.run(text, seed=3), cell.run(text, seed=3))
