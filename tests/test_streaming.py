"""Streams: pieces that joined are the whole answer."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from conftest import OpenHandler

from hf_skillset_runtime.serving.streaming import THREAD, common_start, sure_part, text_in
from hf_skillset_runtime.tasks.samples import sample_inputs

torch = pytest.importorskip("torch")
SOUND = np.sin(np.arange(16000) / 20).astype(np.float32)
CHAT = [{"role": "user", "content": "Where is the small boat?"}]


@pytest.mark.parametrize(
    ("model_type", "task", "inputs", "parameters"),
    [
        ("llama", "text-generation", "the small boat", {"max_new_tokens": 30}),
        ("llama", "text-generation", "the small boat", {"return_full_text": False}),
        ("whisper", "automatic-speech-recognition", SOUND, {"generate_kwargs": {"num_beams": 1}}),
        ("whisper", "automatic-speech-recognition", SOUND, {"generate_kwargs": {"num_beams": 2}}),
    ],
)
def test_joined_pieces_are_the_answer(
    open_handler: OpenHandler, model_type: str, task: str, inputs: Any, parameters: Any
) -> None:
    handler = open_handler(model_type, task)
    if task == "text-generation":
        parameters = {"do_sample": False, **parameters}
    expected = text_in(handler(inputs, **parameters)["result"])
    assert "".join(handler.stream(inputs, **parameters)) == expected


def test_images_and_chats_stream(open_handler: OpenHandler) -> None:
    handler = open_handler("llava", "image-text-to-text")
    parameters = {**handler.spec.sample_params, "generate_kwargs": {"do_sample": False}}
    for sample in sample_inputs(handler.spec, handler.processor)[:2]:
        expected = text_in(handler(sample, **parameters)["result"])
        assert "".join(handler.stream(sample, **parameters)) == expected


def generating() -> bool:
    """Whether the thread of a stream runs."""
    return any(thread.name == THREAD for thread in threading.enumerate())


def test_pieces_come_before_the_end(open_handler: OpenHandler) -> None:
    handler = open_handler("llama", "text-generation")
    parameters = {"max_new_tokens": 200, "do_sample": False}
    stream = handler.stream("the small boat", **parameters)
    assert len(list(stream)) > 1
    assert not generating()


def test_a_stream_that_nobody_reads_on_ends_its_generation(open_handler: OpenHandler) -> None:
    handler = open_handler("llama", "text-generation")
    stream = handler.stream("the small boat", max_new_tokens=400, do_sample=False)
    next(stream)
    stream.close()
    assert not generating()
    assert handler("a boat", max_new_tokens=2)["result"]


def test_what_cannot_be_streamed_is_refused(open_handler: OpenHandler) -> None:
    generating = open_handler("llama", "text-generation")
    with pytest.raises(TypeError, match="takes one input"):
        generating.stream(["a", "b"])
    with pytest.raises(TypeError, match="no parameter 'nonsense'"):
        generating.stream("a", nonsense=1)
    with pytest.raises(TypeError, match="does not generate"):
        open_handler("bert", "text-classification").stream("a boat")


def test_an_error_of_the_model_reaches_the_reader(open_handler: OpenHandler) -> None:
    handler = open_handler("llama", "text-generation")
    with pytest.raises(ValueError, match="nonsense_option"):
        list(handler.stream("a boat", generate_kwargs={"nonsense_option": 1}))


def test_a_text_that_is_too_long_is_named_in_a_stream(open_handler: OpenHandler) -> None:
    handler = open_handler("gpt2", "text-generation")
    with pytest.raises(ValueError, match="the text has 600 tokens"):
        list(handler.stream("a " * 599, max_new_tokens=2))


def test_what_may_change_is_held_back() -> None:
    assert sure_part("hello wor") == "hello"
    assert sure_part("hello") == ""
    assert sure_part("河に船\ufffd") == "河に船"
    assert common_start("do n", "do n'") == "do n"
    assert common_start("", "x") == ""
