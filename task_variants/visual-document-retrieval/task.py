"""Pages and questions in, vectors and scores out (task `visual-document-retrieval`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.media.image import load_image
from hf_skillset_runtime.media.text import as_fields, as_text
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.model_outputs import as_tensor


def encode(items: list[Any], processor: Any, config: Any) -> list[Encoded]:
    """Preprocess `{"images", "queries"}` items: one call for pages, one for questions."""
    runs = []
    for item in items:
        images, queries = as_fields(item, "images", "queries")
        pages = [load_image(image) for image in as_list(images)]
        questions = [as_text(query) for query in as_list(queries)]
        runs.append(Encoded(dict(processor.process_images(pages, return_tensors="pt"))))
        runs.append(Encoded(dict(processor.process_queries(questions, return_tensors="pt"))))
    return runs


def as_list(values: Any) -> list[Any]:
    """The values as a list; a single value becomes a list of one.

    Raises:
        ValueError: there are no values.
    """
    listed = values if isinstance(values, list) else [values]
    if not listed:
        raise ValueError("images and queries need at least one entry each")
    return listed


def decode(
    outputs: list[Mapping[str, np.ndarray]], encoded: list[Encoded], processor: Any, config: Any
) -> list[dict[str, Any]]:
    """Per item `image_embeddings` and `query_embeddings`, and `scores` (queries, images)."""
    vectors = [as_tensor(call_outputs["embeddings"]) for call_outputs in outputs]
    return [
        {
            "image_embeddings": pages,
            "query_embeddings": questions,
            "scores": processor.score_retrieval(list(questions), list(pages)),
        }
        for pages, questions in zip(vectors[::2], vectors[1::2])
    ]
