"""`any-to-any` gives what transformers' pipeline gives."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image

TASK = "any-to-any"


def with_placeholders(cell: Any, sample: dict[str, Any]) -> dict[str, Any]:
    """The sample as the pipeline wants it: with the placeholders in its text."""
    names = {"images": "image_token", "videos": "video_token", "audio": "audio_token"}
    tokens = [getattr(cell.opened.processor, names[name], "") for name in sample if name in names]
    placeholders = "".join(token for token in tokens if isinstance(token, str))
    return {**sample, "text": placeholders + sample["text"]}


def test_equals_the_pipeline(cell: Any) -> None:
    for sample in cell.samples:
        item = with_placeholders(cell, sample)
        given = {**item, "images": Image.open(item["images"])} if "images" in item else item
        for options in ({}, {"return_full_text": False}, {"return_tensors": True}):
            cell.assert_equal(cell.run(item, **options), cell.pipeline(dict(given), **options))


def test_chats_equal_the_pipeline(cell: Any) -> None:
    if not getattr(cell.opened.processor, "chat_template", None):
        pytest.skip("this model has no chat template")
    asked = {"role": "user", "content": [{"type": "text", "text": "Say hello."}]}
    begun = {"role": "assistant", "content": [{"type": "text", "text": "Hello"}]}
    for chat in ([asked], [asked, begun]):
        cell.assert_equal(cell.run(chat), cell.pipeline(text=chat))


def test_media_without_placeholders_are_put_into_the_prompt(cell: Any) -> None:
    for sample in cell.samples:
        (answer,) = cell.run(sample)
        assert answer["generated_text"].startswith(sample["text"])


def test_refuses_what_the_task_does_not_take(cell: Any) -> None:
    with pytest.raises(ValueError, match="generation_mode is one of text, audio"):
        cell.run("Say hello.", generation_mode="smell")
    with pytest.raises(ValueError, match="not 'smell'"):
        cell.run({"text": "Say hello.", "smell": 1})
