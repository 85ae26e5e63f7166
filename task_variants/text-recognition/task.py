"""An image of a line of text in, the text out (task `text-recognition`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.images import encode_images
from hf_skillset_runtime.tasks.model_outputs import as_model_output


def encode(images: list[Any], processor: Any, config: Any) -> Encoded:
    """Load and preprocess the images."""
    return encode_images(images, getattr(processor, "image_processor", processor))


def decode(
    outputs: Mapping[str, np.ndarray], encoded: Encoded, processor: Any, config: Any
) -> list[dict[str, Any]]:
    """Per image its `text` and a `score` from 0 to 1."""
    results = as_model_output(outputs)
    if hasattr(processor, "post_process_text_recognition"):
        recognized = processor.post_process_text_recognition(results)
        # the mean score of zero characters is NaN
        return [{**line, "score": line["score"] if line["text"] else 0.0} for line in recognized]
    decoded = processor.batch_decode(results.logits)
    return [
        {"text": text, "score": float(score)}
        for text, score in zip(decoded["generated_text"], decoded["scores"])
    ]
