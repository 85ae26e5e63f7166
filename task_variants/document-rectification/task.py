"""A photograph of a bent page in, the flat page out (task `document-rectification`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.images import encode_images
from hf_skillset_runtime.tasks.model_outputs import as_model_output


def encode(images: list[Any], image_processor: Any, config: Any) -> Encoded:
    """Load and preprocess the images."""
    encoded = encode_images(images, image_processor)
    pages = encoded.inputs["original_images"]
    return Encoded({"pixel_values": encoded.inputs["pixel_values"]}, context=pages)


def decode(
    outputs: Mapping[str, np.ndarray], encoded: Encoded, image_processor: Any, config: Any
) -> list[dict[str, Any]]:
    """Per photograph `image`, the flat page in the photograph's size."""
    rectified = image_processor.post_process_document_rectification(
        as_model_output(outputs).last_hidden_state, encoded.context
    )
    # The image processor returns BGR.
    return [{"image": Image.fromarray(page["images"].flip(-1).numpy())} for page in rectified]
