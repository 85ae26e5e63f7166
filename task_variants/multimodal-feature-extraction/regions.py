"""A text with regions of an image in, joint hidden states out (`multimodal-feature-extraction`)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.joint_states import decode, encode_joint

__all__ = ["decode", "encode"]

REGIONS = ("visual_feats", "visual_pos")
"""Outputs of a detector: a feature vector and a box (0..1) for each region of an image."""


def encode(items: list[Any], processor: Any, config: Any, kinds: Collection[str]) -> list[Encoded]:
    """Preprocess `{"text", "visual_feats", "visual_pos"}` items."""
    return [
        Encoded({**encode_joint(item, processor, kinds, REGIONS), **regions(item, config)})
        for item in items
    ]


def regions(item: Any, config: Any) -> dict[str, np.ndarray]:
    """The regions of an input, (1, regions, width) each; vectors are repeated or truncated."""
    tables = {name: np.asarray(item[name], np.float32) for name in REGIONS if name in item}
    if "visual_feats" in tables:
        rows = [np.resize(row, config.visual_feat_dim) for row in tables["visual_feats"]]
        tables["visual_feats"] = np.stack(rows)
    return {name: table[None] for name, table in tables.items()}
