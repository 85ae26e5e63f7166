"""Placeholder tokens in the text: as many as a tower returns features."""

from __future__ import annotations

import inspect
from typing import Any

from .sampler import BUILDERS, Sampler, read

# (input, other inputs of the same tower, method that returns its features, token names)
TOWERS = (
    (
        "pixel_values",
        "get_image_features",
        ("image_token_id", "image_token_index", "image_patch_id", "media_token_id"),
    ),
    ("input_features", "get_audio_features", ("audio_token_id", "audio_token_index")),
    ("input_values", "get_audio_features", ("audio_token_id", "audio_token_index")),
)


def place_tower_tokens(
    sampler: Sampler, name: str, method: str, token_names: tuple[str, ...]
) -> None:
    """Puts as many placeholder tokens into the text as the tower has features."""
    import torch

    token = next(
        (t for t in (read(sampler.config, n) for n in token_names) if isinstance(t, int)), None
    )
    inner = getattr(sampler.model, "model", None)
    base = next((m for m in (inner, sampler.model) if hasattr(m, method)), None)
    if name not in sampler.made or token is None or base is None:
        return
    accepted = inspect.signature(getattr(base, method)).parameters
    sampler.build([n for n, p in accepted.items() if p.default is p.empty and n in BUILDERS])
    takes_all = any(p.kind is p.VAR_KEYWORD for p in accepted.values())
    needed = {name for name, p in accepted.items() if p.default is p.empty}
    optional = {"input_ids", "attention_mask"} - needed
    tower = {k: v for k, v in sampler.made.items() if k in accepted and k not in optional}
    with torch.no_grad():
        features = getattr(base, method)(
            **tower, **({"return_dict": True} if takes_all or "return_dict" in accepted else {})
        )
    count = count_features(features)
    text = sampler.made["input_ids"]
    placeholders = torch.full((text.shape[0], count), token)
    sampler.made["input_ids"] = torch.cat([text[:, :2], placeholders, text[:, 2:]], dim=1)
    if "mm_token_type_ids" in sampler.parameters:
        sampler.made["mm_token_type_ids"] = (sampler.made["input_ids"] == token).long()
    if "token_type_ids" in sampler.parameters:
        sampler.made["token_type_ids"] = (sampler.made["input_ids"] == token).long()


def count_features(features: Any) -> int:
    """The number of feature rows of one sample, for any container that a tower returns."""
    import torch

    pooled = getattr(features, "pooler_output", None)
    if pooled is None and hasattr(features, "last_hidden_state"):
        pooled = features.last_hidden_state
    pooled = features if pooled is None else pooled
    leaves = [
        leaf for leaf in torch.utils._pytree.tree_leaves(pooled) if isinstance(leaf, torch.Tensor)
    ]
    if not isinstance(pooled, torch.Tensor | list | tuple):
        leaves = leaves[:1]
    return sum(leaf.numel() // leaf.shape[-1] for leaf in leaves)
