"""An image of a table in, its structure as HTML tags out (task `table-recognition`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.images import encode_images
from hf_skillset_runtime.tasks.model_outputs import as_model_output


def encode(images: list[Any], image_processor: Any, config: Any) -> Encoded:
    """Load and preprocess the images."""
    return encode_images(images, image_processor)


def decode(
    outputs: Mapping[str, np.ndarray], encoded: Encoded, image_processor: Any, config: Any
) -> list[dict[str, Any]]:
    """Per image `structure`, a list of HTML tags, and `structure_score` from 0 to 1."""
    # The image processor decodes only the first row.
    rows = [{"last_hidden_state": row[None]} for row in outputs["last_hidden_state"]]
    return [image_processor.post_process_table_recognition(as_model_output(row)) for row in rows]
