"""An image and a question in, answers out (task `visual-question-answering`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.media.image import load_image
from hf_skillset_runtime.media.text import as_fields, as_text
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.generation import by_input, generation_options
from hf_skillset_runtime.tasks.scores import labelled, sigmoid


def encode(
    items: list[Any],
    processor: Any,
    config: Any,
    max_new_tokens: int | None = None,
    generate_kwargs: Mapping[str, Any] | None = None,
) -> Encoded:
    """Preprocess `{"image", "question"}` items."""
    pairs = [as_fields(item, "image", "question") for item in items]
    inputs = processor(
        images=[load_image(image) for image, _ in pairs],
        text=[as_text(question) for _, question in pairs],
        padding=True,
        return_tensors="pt",
    )
    return Encoded(dict(inputs), generation_options(processor, max_new_tokens, generate_kwargs))


def decode(
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    processor: Any,
    config: Any,
    top_k: int = 5,
) -> list[list[dict[str, Any]]]:
    """Per item the `top_k` answers of the model's labels, or the generated ones."""
    if "logits" not in outputs:
        tokens = by_input(list(outputs["sequences"]), len(encoded.inputs["input_ids"]))
        written = [
            [without_question(row, question.numpy()) for row in rows]
            for rows, question in zip(tokens, encoded.inputs["input_ids"])
        ]
        texts = [processor.batch_decode(rows, skip_special_tokens=True) for rows in written]
        return [[{"answer": text.strip()} for text in answers] for answers in texts]
    return [
        [
            {"score": answer["score"], "answer": answer["label"]}
            for answer in labelled(sigmoid(logits), config, top_k)
        ]
        for logits in outputs["logits"]
    ]


def without_question(tokens: np.ndarray, question: np.ndarray) -> np.ndarray:
    """The generated tokens; without the question that decoder-only models repeat."""
    repeated = np.array_equal(tokens[: len(question)], question)
    return tokens[len(question) :] if repeated else tokens
