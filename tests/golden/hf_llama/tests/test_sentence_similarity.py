"""`sentence-similarity` gives the pooled states of the transformers model itself."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn.functional import cosine_similarity, normalize

TASK = "sentence-similarity"
POOLINGS = {"mean": lambda states: states.mean(0), "cls": lambda states: states[0]}
POOLINGS["lasttoken"] = lambda states: states[-1]


def states_of(cell: Any, text: str) -> torch.Tensor:
    """The states (tokens, hidden) of a text, or the one vector (1, hidden) of an encoder."""
    inputs = cell.opened.processor(text, return_tensors="pt")
    if cell.opened.endpoint.config.is_encoder_decoder:
        states = cell.opened.endpoint.get_encoder()(**inputs).last_hidden_state
    else:
        states = cell.model_outputs(**inputs)[0]
    return states.detach().reshape(-1, states.shape[-1])


@pytest.mark.parametrize("pooling", list(POOLINGS))
def test_the_vector_is_the_pooled_states(cell: Any, pooling: str) -> None:
    for text in cell.samples:
        expected = POOLINGS[pooling](states_of(cell, text))
        found = cell.run(text, pooling=pooling)
        cell.assert_equal(found, {"embedding": expected.tolist()})
        found = cell.run(text, pooling=pooling, normalize=True)
        cell.assert_equal(found, {"embedding": normalize(expected, dim=0).tolist()})


def test_without_files_of_the_checkpoint_it_is_the_mean(cell: Any) -> None:
    text = cell.samples[0]
    cell.assert_equal(cell.run(text), cell.run(text, pooling="mean", normalize=False))


def test_two_texts_are_compared(cell: Any) -> None:
    one, other = cell.samples[:2]
    vectors = [states_of(cell, text).mean(0) for text in (one, other)]
    result = cell.opened.handler(one, other)["result"]
    cell.assert_equal(result["embeddings"], [vector.tolist() for vector in vectors])
    cell.assert_equal(result["similarity"], cosine_similarity(*vectors, dim=0).item())
    batch = cell.run([{"one": one, "other": other}, other])
    cell.assert_equal(batch, [result, cell.run(other)])


def test_an_unknown_pooling_is_refused(cell: Any) -> None:
    with pytest.raises(ValueError, match="unknown pooling 'middle'; use one of: cls, max, mean"):
        cell.run(cell.samples[0], pooling="middle")
