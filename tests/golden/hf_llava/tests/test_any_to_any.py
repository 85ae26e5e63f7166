"""`any-to-any` gives what transformers' pipeline gives."""

from __future__ import annotations

from inspect import signature
from typing import Any

import pytest
from PIL import Image

TASK = "any-to-any"
KINDS = {"images": "image", "videos": "video", "audio": "audio"}


def with_placeholders(cell: Any, sample: dict[str, Any]) -> dict[str, Any]:
    """The sample as the pipeline wants it: with the placeholders in its text."""
    if "encode_prompt" not in vars(cell.spec.module):
        return sample  # the processor of this model puts them in itself
    given = [f"{kind}_token" for name, kind in KINDS.items() if name in sample]
    tokens = [getattr(cell.opened.processor, name, None) for name in given]
    missing = [one for one in tokens if isinstance(one, str) and one not in sample["text"]]
    return {**sample, "text": "".join([*missing, sample["text"]])}


def encoded_by(cell: Any, item: Any) -> Any:
    """What the task makes of one input."""
    parameters, _ = cell.spec.parameters({})
    config = cell.opened.endpoint.config
    return cell.spec.module.encode([item], cell.opened.processor, config, **parameters)


def skip_without_prompt(cell: Any, item: dict[str, Any]) -> None:
    """Skip where the pipeline cannot do the task: it wants a prompt, with its placeholders."""
    processor = cell.opened.processor
    if "videos" in item and "videos" not in signature(processor.__call__).parameters:
        pytest.skip("the pipeline gives videos under a name that this processor does not know")
    if getattr(processor, "chat_template", None) and not hasattr(processor, "image_token"):
        pytest.skip("the placeholder is known to the chat template alone")
    (encoded,) = encoded_by(cell, item)
    if not {"input_ids", "decoder_input_ids"} & set(encoded.inputs):
        pytest.skip("this model reads no prompt, and the pipeline wants one")


def in_writing(cell: Any) -> dict[str, Any]:
    """What makes a model answer in writing whose pipeline lets it speak."""
    (encoded,) = encoded_by(cell, cell.samples[0])
    if "thinker_max_new_tokens" not in encoded.generate_kwargs:
        return {}
    length = cell.spec.sample_params["max_new_tokens"]
    return {"generate_kwargs": {"generation_mode": "text", "thinker_max_new_tokens": length}}


def test_equals_the_pipeline(cell: Any) -> None:
    skip_without_prompt(cell, cell.samples[0])
    for sample in cell.samples:
        item = with_placeholders(cell, sample)
        given = {**item, "images": Image.open(item["images"])} if "images" in item else item
        for options in ({}, {"return_full_text": False}, {"return_tensors": True}):
            options |= in_writing(cell)
            cell.assert_equal(cell.run(item, **options), cell.pipeline(dict(given), **options))


def test_chats_equal_the_pipeline(cell: Any) -> None:
    if not getattr(cell.opened.processor, "chat_template", None):
        pytest.skip("this model has no chat template")
    skip_without_prompt(cell, cell.samples[0])
    message = {"role": "user", "content": [{"type": "text", "text": "Say hello."}]}
    begun = {"role": "assistant", "content": [{"type": "text", "text": "Hello"}]}
    for chat in ([message], [message, begun]):
        options = in_writing(cell)
        cell.assert_equal(cell.run(chat, **options), cell.pipeline(text=chat, **options))


def test_media_without_placeholders_are_put_into_the_prompt(cell: Any) -> None:
    for sample in cell.samples:
        (answer,) = cell.run(sample)
        assert answer["generated_text"].startswith(sample["text"])


def test_refuses_what_the_task_does_not_take(cell: Any) -> None:
    with pytest.raises(ValueError, match="expected generation_mode as one of text, audio"):
        cell.run("Say hello.", generation_mode="smell")
    with pytest.raises(ValueError, match="got 'smell'"):
        cell.run({"text": "Say hello.", "smell": 1})
