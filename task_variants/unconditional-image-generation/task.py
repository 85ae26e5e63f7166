"""The beginning of an image in, a generated image out (task `unconditional-image-generation`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from hf_skillset_runtime.media.image import load_image
from hf_skillset_runtime.tasks.encoded import Encoded


def encode(
    images: list[Any],
    image_processor: Any,
    config: Any,
    prompt_rows: int = 0,
    max_new_tokens: int | None = None,
    do_sample: bool = False,
    temperature: float = 1.0,
) -> Encoded:
    """Begin with `prompt_rows` rows of each image; None for 0 rows.

    Each pixel is a token: the index of its colour in the image processor's palette.
    """
    height, width = image_processor.size["height"], image_processor.size["width"]
    if not 0 <= prompt_rows < height:
        raise ValueError(f"expected prompt_rows between 0 and {height - 1}; got {prompt_rows}")
    rows = [pixels(image, image_processor)[: prompt_rows * width] for image in images]
    start = np.full((len(images), 1), config.vocab_size - 1)
    prompts = np.concatenate([start, np.array(rows, dtype=np.int64)], axis=1)
    left = (height - prompt_rows) * width
    options = {"max_new_tokens": min(max_new_tokens or left, left), "do_sample": do_sample}
    if do_sample:
        options["temperature"] = temperature
    return Encoded({"input_ids": prompts}, options, context=(height, width))


def pixels(image: Any, image_processor: Any) -> np.ndarray:
    """The tokens of an image (pixels,); none for None."""
    if image is None:
        return np.zeros(0, dtype=np.int64)
    batch = image_processor(images=load_image(image), return_tensors="pt")
    return np.asarray(batch["input_ids"][0])


def decode(
    outputs: Mapping[str, np.ndarray], encoded: Encoded, image_processor: Any, config: Any
) -> list[dict[str, Any]]:
    """Per image `image`; pixels that were not generated stay black."""
    height, width = encoded.context
    palette = np.rint(127.5 * (np.asarray(image_processor.clusters) + 1.0)).astype(np.uint8)
    results = []
    for tokens in outputs["sequences"][:, 1:]:
        colours = np.zeros((height * width, 3), dtype=np.uint8)
        # The start token has no colour; a random model may generate it.
        colours[: len(tokens)] = palette[tokens.clip(max=len(palette) - 1)]
        results.append({"image": Image.fromarray(colours.reshape(height, width, 3))})
    return results
