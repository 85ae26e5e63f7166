"""`visual-document-retrieval` gives the model's own vectors and the scores of its processor."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image

TASK = "visual-document-retrieval"


def test_equals_the_model(cell: Any) -> None:
    processor = cell.opened.processor
    for item in cell.samples:
        pages = [Image.open(path).convert("RGB") for path in item["images"]]
        images = cell.model_outputs(**processor.process_images(pages)).embeddings
        queries = cell.model_outputs(**processor.process_queries(item["queries"])).embeddings
        expected = {
            "image_embeddings": images,
            "query_embeddings": queries,
            "scores": processor.score_retrieval(list(queries), list(images)),
        }
        result = cell.run(item)
        cell.assert_equal(result, expected)
        assert tuple(result["scores"].shape) == (len(item["queries"]), len(pages))


def test_needs_pages_and_questions(cell: Any) -> None:
    with pytest.raises(ValueError, match="'queries' is missing"):
        cell.run({"images": cell.samples[0]["images"]})
    with pytest.raises(ValueError, match="at least one"):
        cell.run({"images": [], "queries": ["a boat"]})
