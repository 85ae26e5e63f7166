"""Handlers take real inputs, and name the input that is at fault.

Each test runs a tiny model of one type; what holds for all models of a task is in the task's own
`test_task.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT
from PIL import Image

from hf_skillset_runtime.tasks.samples import sample_inputs
from hf_skillset_runtime.testing import tiny_checkpoint
from hf_skillset_templates.registry.store.paths import TINY
from hf_skillset_templates.source_skillset import source_skillset

Open = Callable[[str, str], Any]
SAMPLES = ROOT / "task_variants" / "_samples"
LONG = "word " * 1000
RED, BLUE = Image.new("RGB", (64, 48), "red"), Image.new("RGB", (200, 120), "blue")


@pytest.fixture(scope="session")
def open_handler(tmp_path_factory: pytest.TempPathFactory) -> Open:
    """Opens a task of a model type's tiny model on the CPU."""
    folders: dict[tuple[str, str], Path] = {}

    def handler_of(model_type: str, task: str) -> Any:
        skillset = source_skillset(model_type)()
        loaded_by = skillset.task(task).auto_class
        if (model_type, loaded_by) not in folders:
            folder = tmp_path_factory.mktemp(model_type)
            tiny_checkpoint.build_checkpoint(TINY / model_type, loaded_by, folder)
            folders[model_type, loaded_by] = folder
        return skillset.init_cpu(str(folders[model_type, loaded_by]), task=task).handler

    return handler_of


def test_a_task_that_gives_too_few_results_is_at_fault(
    open_handler: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = open_handler("bert", "text-classification")
    decode = handler.spec.module.decode
    monkeypatch.setattr(handler.spec.module, "decode", lambda *a, **k: decode(*a, **k)[:1])
    with pytest.raises(RuntimeError, match=r"1 results for 2 inputs.*error in the task's code"):
        handler(["a", "b"])


@pytest.mark.parametrize("model_type", ["m2m_100", "mbart", "nllb-moe", "plbart"])
def test_languages_hold_for_one_call(open_handler: Open, model_type: str) -> None:
    from hf_skillset_runtime.tasks.languages import language_ids

    handler = open_handler(model_type, "text2text-generation")
    before, own = handler("Hello", max_new_tokens=4), handler.processor.src_lang
    code = sorted(language_ids(handler.processor))[-1]
    handler("Hello", max_new_tokens=4, src_lang=code, tgt_lang=code)
    for name in ("src_lang", "tgt_lang"):
        with pytest.raises(ValueError, match=f"{name} 'xx-yy' is not a language of this model"):
            handler("Hello", max_new_tokens=4, **{name: "xx-yy"})
    assert handler.processor.src_lang == own
    assert handler("Hello", max_new_tokens=4)["result"] == before["result"]


def test_the_target_language_is_the_first_token(open_handler: Open) -> None:
    handler = open_handler("m2m_100", "text2text-generation")
    config, spec = handler.platform.config(handler.endpoint), handler.spec
    encoded = spec.module.encode(["Hello"], handler.processor, config, {}, tgt_lang="de")
    assert encoded.generate_kwargs["forced_bos_token_id"] == handler.processor.get_lang_id("de")


def test_a_model_without_languages_says_so(open_handler: Open) -> None:
    with pytest.raises(ValueError, match="has no language codes"):
        open_handler("t5", "text2text-generation")("Hello", tgt_lang="de")


@pytest.mark.parametrize("model_type", ["gpt2", "llama"])
def test_an_empty_prompt_begins_with_the_first_token(open_handler: Open, model_type: str) -> None:
    handler = open_handler(model_type, "text-generation")
    alone = [handler(prompt, max_new_tokens=3)["result"] for prompt in ("", "x")]
    assert handler(["", "x"], max_new_tokens=3)["result"] == alone


def test_a_text_beside_a_chat_keeps_its_first_token(open_handler: Open) -> None:
    handler = open_handler("llama", "text-generation")
    handler.processor.chat_template = (
        "{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}"
    )
    chat = [{"role": "user", "content": "Hello"}]
    alone = [handler(prompt, max_new_tokens=3)["result"] for prompt in (chat, "Hello")]
    assert handler([chat, "Hello"], max_new_tokens=3)["result"] == alone


def test_a_refusal_of_the_chat_template_is_a_value_error(open_handler: Open) -> None:
    handler = open_handler("llama", "text-generation")
    handler.processor.chat_template = "{{ raise_exception('no system role here') }}"
    with pytest.raises(ValueError, match="rejects this chat: no system role here"):
        handler([{"role": "system", "content": "Be brief."}])


def test_generation_stops_at_a_string(open_handler: Open) -> None:
    handler = open_handler("llama", "text-generation")
    (whole,) = handler("a", max_new_tokens=12, return_full_text=False)["result"]
    stop = whole["generated_text"].strip()[1]
    for options in ({"stop_sequence": stop}, {"generate_kwargs": {"stop_strings": [stop]}}):
        (cut,) = handler("a", max_new_tokens=12, return_full_text=False, **options)["result"]
        assert whole["generated_text"].startswith(cut["generated_text"])
        assert len(cut["generated_text"]) < len(whole["generated_text"])


@pytest.mark.parametrize("model_type", ["gpt2", "llama"])
@pytest.mark.parametrize("task", ["text-classification", "zero-shot-classification"])
def test_the_padding_token_of_the_tokenizer_is_enough(
    open_handler: Open, model_type: str, task: str
) -> None:
    handler = open_handler(model_type, task)
    options = {"candidate_labels": ["a", "b"]} if task.startswith("zero") else {}
    texts = ["a", "a longer text than the other"]
    for actual, text in zip(handler(texts, **options)["result"], texts):
        alone = handler(text, **options)["result"]
        scores = actual["scores"] if options else [one["score"] for one in actual]
        expected = alone["scores"] if options else [one["score"] for one in alone]
        np.testing.assert_allclose(scores, expected, atol=1e-5)


def test_the_input_that_is_too_long_is_named(open_handler: Open) -> None:
    handler = open_handler("bert", "text-classification")
    with pytest.raises(ValueError, match="input 2: the text has"):
        handler(["a", "b", LONG])


def test_labels_and_templates_at_fault(open_handler: Open) -> None:
    handler = open_handler("bert", "zero-shot-classification")
    with pytest.raises(ValueError, match=r"use \{\} without a name or index"):
        handler("a", candidate_labels=["x"], hypothesis_template="{label} x")
    with pytest.raises(ValueError, match="use a shorter label"):
        handler("a", candidate_labels=["x", LONG])


def test_tables_as_pandas_can_hold_them(open_handler: Open) -> None:
    handler = open_handler("tapas", "table-question-answering")
    missing = [{"a": "x", "b": None}, {"a": float("nan")}, {"b": 3}]
    full = [{"a": "x", "b": ""}, {"a": "", "b": ""}, {"a": "", "b": 3}]
    query = "How many?"
    rows = {"a": [str(i) for i in range(500)], "b": list(range(500))}
    handler({"query": query, "table": rows})
    actual, expected = (
        handler({"query": query, "table": table})["result"] for table in (missing, full)
    )
    assert actual["coordinates"] == expected["coordinates"]
    with pytest.raises(ValueError, match="columns are inconsistent"):
        handler({"query": query, "table": {"a": [1], "b": [1, 2]}})
    with pytest.raises(ValueError, match="accepts at most 512 with the table"):
        handler({"query": LONG, "table": {"a": ["x"]}})


@pytest.mark.parametrize("model_type", ["patchtst", "time_series_transformer"])
def test_series_with_missing_values_and_numpy_numbers(open_handler: Open, model_type: str) -> None:
    handler = open_handler(model_type, "time-series-forecasting")
    values = [0.5, None, 1.5, 2.0] * 4
    as_nan = np.array([np.nan if value is None else value for value in values])
    assert handler(values)["result"] == handler(as_nan)["result"]
    numbers = [np.float32(value) for value in range(12)]
    assert handler(numbers)["result"] == handler(list(range(12)))["result"]


@pytest.mark.parametrize("model_type", ["patchtst", "time_series_transformer", "autoformer"])
def test_a_dtype_in_which_a_model_fails_gives_way_to_float32(
    tmp_path: Path, model_type: str
) -> None:
    task = "time-series-forecasting"
    skillset = source_skillset(model_type)
    loaded_by = skillset().task(task).auto_class
    folder = str(tiny_checkpoint.build_checkpoint(TINY / model_type, loaded_by, tmp_path))
    values = [float(value) for value in range(12)]
    with pytest.warns(RuntimeWarning, match="does not run in bfloat16 on the CPU"):
        opened = skillset(metadata={"dtype": "bfloat16"}).init_cpu(folder, task=task)
    expected = skillset().init_cpu(folder, task=task).handler(values)["result"]
    assert opened.handler(values)["result"] == expected


def test_a_model_that_needs_every_value_refuses_gaps(open_handler: Open) -> None:
    with pytest.raises(ValueError, match="not observed"):
        open_handler("timesfm", "time-series-forecasting")([1.0, None, 2.0])


@pytest.mark.parametrize(
    ("model_type", "task"),
    [("layoutlmv3", "document-question-answering"), ("udop", "image-text-to-text")],
)
def test_boxes_at_fault(open_handler: Open, model_type: str, task: str) -> None:
    handler = open_handler(model_type, task)
    (sample, *_) = sample_inputs(handler.spec, handler.processor)
    with pytest.raises(ValueError, match="word_boxes is empty"):
        handler({**sample, "word_boxes": []})
    with pytest.raises(ValueError, match=r"the box .* is not within 0\.\.1000"):
        handler({**sample, "word_boxes": [["a", [0, 0, 2000, 20]]]})


def test_a_question_that_fills_a_page_is_refused(open_handler: Open) -> None:
    handler = open_handler("layoutlmv3", "document-question-answering")
    (sample, *_) = sample_inputs(handler.spec, handler.processor)
    with pytest.raises(ValueError, match="the question is too long"):
        handler({**sample, "question": LONG})


def test_audio_that_is_too_short_is_named(open_handler: Open) -> None:
    handler = open_handler("wav2vec2", "automatic-speech-recognition")
    with pytest.raises(ValueError, match="the audio is too short"):
        handler(np.zeros(3, np.float32))
    with pytest.raises(ValueError, match=r"with samples; got \(0,\)"):
        handler(np.zeros(0, np.float32))


def test_speech_of_no_known_symbol_is_refused(open_handler: Open) -> None:
    handler = open_handler("vits", "text-to-audio")
    for text in ("", " ", "漢字"):
        with pytest.raises(ValueError, match="no symbol that this model can speak"):
            handler(text)


def test_a_broken_image_is_named(open_handler: Open) -> None:
    handler = open_handler("vit", "image-classification")
    with pytest.raises(ValueError, match="input 1: cannot read an image"):
        handler([str(SAMPLES / "image.jpg"), str(SAMPLES / "README.md")])


@pytest.mark.parametrize("model_type", ["llava", "qwen2_vl"])
def test_images_of_different_size_share_a_batch(open_handler: Open, model_type: str) -> None:
    handler = open_handler(model_type, "image-text-to-text")
    items = [{"images": RED, "text": "What?"}, {"images": BLUE, "text": "Which one is it?"}]
    beams = {"num_beams": 2, "num_return_sequences": 2}
    result = handler(items, max_new_tokens=3, generate_kwargs=beams)["result"]
    assert [[answer["input_text"] for answer in one] for one in result] == [
        ["What?"] * 2,
        ["Which one is it?"] * 2,
    ]
    alone = [handler(item, max_new_tokens=3)["result"] for item in items]
    assert handler(items, max_new_tokens=3)["result"] == alone


def test_images_in_chats_come_in_each_form(open_handler: Open) -> None:
    from base64 import b64encode

    handler = open_handler("llava", "image-text-to-text")
    path = str(SAMPLES / "image.jpg")
    encoded = b64encode(Path(path).read_bytes()).decode()
    forms = [
        {"type": "image", "image": path},
        {"type": "image", "path": path},
        {"type": "image", "base64": encoded},
        {"type": "image_url", "image_url": {"url": path}},
        {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{encoded}"}},
    ]
    texts = []
    for form in forms:
        chat = [{"role": "user", "content": [form, {"type": "text", "text": "What?"}]}]
        (answer,) = handler(chat, max_new_tokens=3, return_full_text=False)["result"]
        texts.append(answer["generated_text"])
    assert len(set(texts)) == 1


def test_a_kind_of_input_that_the_model_does_not_take_is_refused(open_handler: Open) -> None:
    handler = open_handler("llava", "any-to-any")
    with pytest.raises(ValueError, match="got 'audio'"):
        handler({"text": "What?", "audio": "speech.wav"})
    with pytest.raises(ValueError, match=r"this model accepts .*; not audio"):
        handler([{"role": "user", "content": [{"type": "audio", "audio": "speech.wav"}]}])


@pytest.mark.parametrize("model_type", ["csm", "higgs_audio_v2"])
def test_each_hypothesis_of_audio_is_returned(open_handler: Open, model_type: str) -> None:
    handler = open_handler(model_type, "text-to-audio")
    several = {"do_sample": True, "num_return_sequences": 2}
    options = {"max_new_tokens": 6, "seed": 3}
    results, alone = (
        handler("a boat", **options, generate_kwargs=given)["result"]
        for given in (several, {"do_sample": True})
    )
    assert len(results) == 2
    for one in results:
        assert one["audio"].ndim == alone["audio"].ndim
        assert one["sampling_rate"] == alone["sampling_rate"]
    shapes = [one["audio"].shape for one in results]
    assert len(set(shapes)) > 1 or not np.allclose(results[0]["audio"], results[1]["audio"])
