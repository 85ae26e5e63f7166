"""Zero-shot models that take one label at a time: one run per label."""

from __future__ import annotations

from typing import Any

from .candidate_labels import as_labels
from .encoded import Encoded
from .images import encode_images

NOT_FOR_THE_MODEL = ("original_sizes",)


def encode_label_runs(
    images: list[Any], processor: Any, candidate_labels: str | list[str]
) -> list[Encoded]:
    """Preprocess the images and each label; every run has all images and one label."""
    loaded = encode_images(images, processor.image_processor)
    seen = {k: value for k, value in loaded.inputs.items() if k not in NOT_FOR_THE_MODEL}
    return [
        Encoded(
            {**processor.tokenizer([label] * len(images), return_tensors="pt"), **seen},
            context=loaded.context,
        )
        for label in as_labels(candidate_labels)
    ]
