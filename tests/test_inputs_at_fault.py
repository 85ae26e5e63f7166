"""Whatever is given as an input, it is answered or refused: never an error from inside a library.

An input that is refused is a TypeError or a ValueError, which names it in a batch.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import OpenHandler
from PIL import Image

from hf_skillset_runtime.tasks.samples import sample_inputs

torch = pytest.importorskip("torch")

MODELS = {
    "automatic-speech-recognition": "wav2vec2",
    "document-question-answering": "layoutlmv3",
    "feature-extraction": "bert",
    "fill-mask": "bert",
    "image-classification": "vit",
    "image-text-to-text": "llava",
    "keypoint-matching": "efficientloftr",
    "latent-feature-extraction": "blip_2_qformer",
    "multiple-choice": "bert",
    "object-detection": "detr",
    "question-answering": "bert",
    "reinforcement-learning": "decision_transformer",
    "table-question-answering": "tapas",
    "text-classification": "bert",
    "text-generation": "llama",
    "text2text-generation": "t5",
    "time-series-forecasting": "patchtst",
}
ANYTHING: dict[str, Any] = {
    "None": None,
    "number": 3,
    "NaN": float("nan"),
    "huge number": 10**400,
    "bool": True,
    "numpy number": np.float32(2.0),
    "empty text": "",
    "half a surrogate pair": "a\ud800b",
    "null character": "a\x00b",
    "bytes": b"abc",
    "no bytes": b"",
    "path": Path("/nonexistent/x.png"),
    "folder": Path("/"),
    "broken base64": "data:image/png;base64,xxxx",
    "object": object(),
    "type": int,
    "set": {"a"},
    "tuple": ("a", "b"),
    "empty dict": {},
    "other keys": {"foo": 1},
    "list of None": [None],
    "nested lists": [["a"]],
    "nested empty lists": [[]],
    "empty array": np.zeros(0),
    "array of no dimension": np.array(3.0),
    "array of objects": np.array(["a", None], dtype=object),
    "array of text": np.array(["a", "b"]),
    "complex numbers": np.zeros(160, complex),
    "image of NaN": np.full((8, 8, 3), np.nan, np.float32),
    "sound of NaN": np.full(400, np.nan, np.float32),
    "infinite sound": np.full(400, np.inf, np.float32),
    "five dimensions": np.zeros((2, 2, 2, 2, 2), np.float32),
    "image of no height": np.zeros((0, 10, 3), np.uint8),
    "image of one pixel": Image.new("RGB", (1, 1)),
    "image of one line": Image.new("RGB", (900, 1)),
    "tensor": torch.zeros(3, 8, 8),
    "three samples": np.zeros(3, np.float32),
    "sound at rate 0": {"array": np.zeros(400, np.float32), "sampling_rate": 0},
    "sound at rate text": {"array": np.zeros(400, np.float32), "sampling_rate": "16k"},
    "sound at no rate": {"array": np.zeros(400, np.float32)},
    "role that is no text": [{"role": 3, "content": "x"}],
    "message of nothing": [{"role": "user"}],
    "message of None": [{"role": "user", "content": None}],
    "part of no text": [{"role": "user", "content": [{"type": "text"}]}],
}
FIELDS: dict[str, Any] = {
    "None": None,
    "number": -1,
    "empty text": "",
    "bytes": b"a",
    "object": object(),
    "empty list": [],
    "nested lists": [[["a"]]],
    "array of NaN": np.full((4, 4), np.nan),
    "dict": {},
    "large numbers": [[10**9] * 4],
}


def changed(sample: Any) -> dict[str, Any]:
    """A sample with one field taken out, replaced or added."""
    if not isinstance(sample, dict):
        return {}
    made = {f"no {name}": {k: v for k, v in sample.items() if k != name} for name in sample}
    for name in sample:
        made |= {f"{name}: {kind}": {**sample, name: value} for kind, value in FIELDS.items()}
    return {**made, "one key more": {**sample, "nonsense": 1}}


def problem(handler: Any, given: list[Any], options: dict[str, Any]) -> str:
    """What is wrong with how the second of three inputs is answered or refused."""
    try:
        result = handler(given, **options)["result"]
    except (TypeError, ValueError) as error:
        message = str(error)
        return (
            ""
            if message.startswith("input 1: ") and len(message) > 30
            else f"it says {message!r:.200}"
        )
    except Exception as error:
        return f"{type(error).__name__}: {error!s:.200}"
    return "" if len(result) == 3 else f"{len(result)} results"


@pytest.mark.parametrize("task", MODELS)
def test_anything_is_answered_or_refused_by_its_place(open_handler: OpenHandler, task: str) -> None:
    handler = open_handler(MODELS[task], task)
    sample = sample_inputs(handler.spec, handler.processor)[0]
    options = dict(handler.spec.sample_params)
    inputs = {**ANYTHING, **changed(sample)}
    result = {
        name: problem(handler, [sample, odd, sample], options) for name, odd in inputs.items()
    }
    assert {name: why for name, why in result.items() if why} == {}


def test_what_a_library_raises_is_told_with_what_the_task_expects(
    open_handler: OpenHandler,
) -> None:
    handler = open_handler("llama", "text-generation")
    handler.processor.chat_template = "{% for m in messages %}{{ m.content + 'x' }}{% endfor %}"
    chat = [{"role": "user", "content": [{"type": "text", "text": "a"}]}]
    with pytest.raises(TypeError, match=r"text-generation fails with this input .* expected text"):
        handler(chat, max_new_tokens=2)


def test_a_wrong_option_is_not_blamed_on_an_input(open_handler: OpenHandler) -> None:
    handler = open_handler("llama", "text-generation")
    with pytest.raises(ValueError, match=r"^The following `model_kwargs` are not used"):
        handler(["a", "b"], max_new_tokens=2, generate_kwargs={"nonsense": 1})


def test_a_failing_model_is_not_blamed_on_an_input(
    open_handler: OpenHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = open_handler("bert", "text-classification")

    def fails(*_given: Any, **_named: Any) -> Any:
        raise RuntimeError("the device is lost")

    monkeypatch.setattr(handler.endpoint, "forward", fails)
    with pytest.raises(RuntimeError, match="the device is lost"):
        handler(["a", "b"])


@pytest.mark.parametrize(
    ("task", "item", "reason"),
    [
        ("robotics", {"state": [0.1, float("nan"), 0.3]}, "a value is NaN or None"),
        ("robotics", {"state": True}, "expected a series"),
        ("table-question-answering", {"table": [None]}, "each row of the table as a dict"),
        ("table-question-answering", {"note": 1}, "'note' is none of them"),
        ("document-question-answering", {"word_boxes": 3}, "word_boxes as a list"),
        (
            "document-question-answering",
            {"word_boxes": [["a", ["x"] * 4]]},
            "expected four numbers",
        ),
        ("reinforcement-learning", {"rewards": [1.0, None, 2.0]}, "a value is NaN or None"),
    ],
)
def test_values_that_were_taken_silently_are_refused(
    open_handler: OpenHandler, task: str, item: dict[str, Any], reason: str
) -> None:
    handler = open_handler({**MODELS, "robotics": "pi0"}[task], task)
    sample = sample_inputs(handler.spec, handler.processor)[0]
    with pytest.raises((TypeError, ValueError), match=reason):
        handler({**sample, **item}, **handler.spec.sample_params)


@pytest.mark.parametrize("task", ["any-to-any", "image-text-to-text"])
def test_an_empty_prompt_without_a_first_token_is_refused(
    open_handler: OpenHandler, task: str
) -> None:
    handler = open_handler("llava", task)
    with pytest.raises(ValueError, match="the prompt is empty"):
        handler("", max_new_tokens=2)
    with pytest.raises(ValueError, match="input 1: the prompt is empty"):
        handler(["a", "", "b"], max_new_tokens=2)


def test_a_part_that_the_chat_template_does_not_know_is_refused(open_handler: OpenHandler) -> None:
    handler = open_handler("llava", "image-text-to-text")
    given = [{"role": "user", "content": [{"type": "drawing", "drawing": "x"}]}]
    with pytest.raises(ValueError, match="'drawing' is not known to this model's chat template"):
        handler(given, max_new_tokens=2)


def test_texts_of_chats_come_in_each_form(open_handler: OpenHandler) -> None:
    handler = open_handler("llava", "image-text-to-text")
    answers = []
    for kind in ("text", "input_text", "output_text"):
        chat = [{"role": "user", "content": [{"type": kind, "text": "What is a boat?"}]}]
        (answer,) = handler(chat, max_new_tokens=3, return_full_text=False)["result"]
        answers.append(answer["generated_text"])
    assert len(set(answers)) == 1
