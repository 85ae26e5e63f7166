"""`cross-modal-embedding` gives the vectors that the transformers model itself gives."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn.functional import normalize

TASK = "cross-modal-embedding"


def by_text_and_medium(cell: Any) -> tuple[str, str, Any]:
    """The text of the first sample, the key of its medium, and the medium."""
    sample = dict(cell.samples[0])
    text = sample.pop("text")
    [(key, medium)] = sample.items()
    return text, key, medium


def test_a_pair_equals_the_model(cell: Any) -> None:
    found = cell.run(cell.samples[0])
    [call] = cell.opened.handler.encode([cell.samples[0]])
    inputs = {name: torch.as_tensor(value) for name, value in call.inputs.items()}
    outputs = cell.model_outputs(**inputs)
    names = sorted(name for name in outputs if name.endswith("_embeds"))
    text, medium = sorted(names, key=lambda name: not name.startswith("text"))
    texts = outputs[text].reshape(-1, outputs[text].shape[-1])
    cell.assert_equal(found["embeddings"][0], normalize(texts[0], dim=-1).tolist())
    expected = normalize(outputs[medium][0], dim=-1)
    cell.assert_equal(found["embeddings"][1], expected.tolist())
    cosines = expected.reshape(-1, expected.shape[-1]) @ normalize(texts[0], dim=-1)
    cell.assert_equal(found["similarity"], cosines.max().item())


def test_one_side_does_not_depend_on_the_other(cell: Any) -> None:
    text, key, medium = by_text_and_medium(cell)
    both = cell.run({"text": text, key: medium})["embeddings"]
    cell.assert_equal(cell.run({key: medium})["embedding"], both[1])
    if cell.spec.facts.get("text_beside_media"):
        with pytest.raises(ValueError, match="depends on the"):
            cell.run(text)
    else:
        cell.assert_equal(cell.run(text)["embedding"], both[0])


def test_two_arguments_are_compared(cell: Any) -> None:
    text, key, medium = by_text_and_medium(cell)
    expected = cell.run({"text": text, key: medium})
    handler = cell.opened.handler
    cell.assert_equal(handler(text, medium)["result"], expected)
    turned = handler(medium, text)["result"]
    cell.assert_equal(turned["similarity"], expected["similarity"])
    cell.assert_equal(handler({key: medium}, {key: medium})["result"]["similarity"], 1.0)


def test_a_batch_is_as_its_items(cell: Any) -> None:
    text, key, medium = by_text_and_medium(cell)
    items = [{"text": text, key: medium}, {key: medium}, {"text": "another text", key: medium}]
    cell.assert_equal(cell.run(items), [cell.run(item) for item in items])


def test_other_media_are_refused(cell: Any) -> None:
    with pytest.raises(ValueError, match="this model takes text and"):
        cell.run({"text": "a text", "smells": "a rose"})
