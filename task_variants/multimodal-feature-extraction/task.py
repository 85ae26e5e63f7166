"""A text with other media in, joint hidden states out (task `multimodal-feature-extraction`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.media.audio import load_audio
from hf_skillset_runtime.media.image import load_image
from hf_skillset_runtime.media.text import as_text
from hf_skillset_runtime.media.video import load_video
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.model_outputs import as_tensor
from hf_skillset_runtime.tasks.placeholders import marked

MEDIA = ("images", "videos", "audio")
REGIONS = ("visual_feats", "visual_pos")
"""What a detector found in a picture: a vector for each region, and its box (0..1)."""


def encode(items: list[Any], processor: Any, config: Any) -> list[Encoded]:
    """Preprocess `{"text", "images", "videos", "audio"}` items, each with what the model takes.

    A model that takes the regions of a detector takes `visual_feats` and `visual_pos`.
    """
    return [Encoded({**prepare(item, processor), **regions(item, config)}) for item in items]


def regions(item: Any, config: Any) -> dict[str, np.ndarray]:
    """The regions of an input, (1, regions, width) each; a vector is repeated or cut to fit."""
    tables = {name: np.asarray(item[name], np.float32) for name in REGIONS if name in item}
    if "visual_feats" in tables:
        rows = [np.resize(row, config.visual_feat_dim) for row in tables["visual_feats"]]
        tables["visual_feats"] = np.stack(rows)
    return {name: table[None] for name, table in tables.items()}


def prepare(item: Any, processor: Any) -> Any:
    """One input through the processor.

    Raises:
        TypeError: `item` is no dict with a text.
    """
    if not isinstance(item, dict) or "text" not in item:
        names = ", ".join(("text", *MEDIA))
        raise TypeError(f"expected a dict with {names}, got {repr(item)[:80]}")
    given: dict[str, Any] = {}
    if "images" in item:
        given["images"] = load_image(item["images"])
    if "videos" in item:
        given["videos"] = load_video(item["videos"])
    if "audio" in item:
        rate = processor.feature_extractor.sampling_rate
        given |= {"audio": load_audio(item["audio"], rate), "sampling_rate": rate}
    media = {name: [item[name]] for name in MEDIA if name in item}
    text = marked(as_text(item["text"]), media, processor)
    return processor(text=text, **given, return_tensors="pt")


def decode(
    outputs: list[Mapping[str, np.ndarray]],
    encoded: list[Encoded],
    processor: Any,
    config: Any,
    return_tensors: bool = False,
) -> list[dict[str, Any]]:
    """Per input every tensor of the model's output by its name, as lists or as tensors."""
    return [
        {
            name: as_tensor(value) if return_tensors else value.tolist()
            for name, value in found.items()
            if isinstance(value, np.ndarray)
        }
        for found in outputs
    ]
