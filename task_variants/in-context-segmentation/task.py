"""An image, an example and its mask in, the image's mask out (task `in-context-segmentation`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from hf_skillset_runtime.media.image import load_image
from hf_skillset_runtime.media.text import as_fields
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.model_outputs import as_model_output


def encode(
    items: list[Any], image_processor: Any, config: Any, num_labels: int | None = None
) -> Encoded:
    """Preprocess `{"image", "prompt_image", "prompt_mask"}` items.

    With `num_labels` masks contain labels from 0 (background); without, they are images.
    """
    fields = [as_fields(item, "image", "prompt_image", "prompt_mask") for item in items]
    images = [load_image(image) for image, _, _ in fields]
    masks = [load_image(mask) for _, _, mask in fields]
    labels = {} if num_labels is None else {"num_labels": num_labels}
    inputs = image_processor(
        images=images,
        prompt_images=[load_image(prompt) for _, prompt, _ in fields],
        prompt_masks=[np.asarray(mask.convert("L")) for mask in masks] if num_labels else masks,
        do_convert_rgb=num_labels is not None,
        return_tensors="pt",
        **labels,
    )
    return Encoded(dict(inputs), context=[(image.height, image.width) for image in images])


def decode(
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    image_processor: Any,
    config: Any,
    num_labels: int | None = None,
) -> list[dict[str, Any]]:
    """Per image `mask`, a grey image of its size: labels with `num_labels`, else brightness."""
    masks = image_processor.post_process_semantic_segmentation(
        as_model_output(outputs), target_sizes=encoded.context, num_labels=num_labels
    )
    return [{"mask": Image.fromarray(mask.numpy().astype(np.uint8))} for mask in masks]
