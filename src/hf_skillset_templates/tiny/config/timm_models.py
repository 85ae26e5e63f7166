"""Backbones of timm have no sizes to shrink: timm's own tiny test models are used instead."""

from __future__ import annotations

from functools import cache

from .draft import Draft

FIELDS = ("backbone", "architecture")


def choose_timm_models(draft: Draft) -> None:
    """Puts the test model of the same timm family wherever a node names a timm model."""
    for _, node in draft.walk():
        if not node.model_type.startswith("timm"):
            continue
        for name in FIELDS:
            value = node.values.get(name)
            if isinstance(value, str) and name in node.cls.__dataclass_fields__:
                node.changes[name] = test_model(value)


@cache
def test_model(architecture: str) -> str:
    """The smallest timm test model whose class is that of `architecture`."""
    import timm
    import torch

    with torch.device("meta"):
        wanted = type(timm.create_model(architecture, pretrained=False))
        models = {
            name: timm.create_model(name, pretrained=False)
            for name in sorted(timm.list_models("test_*"))
        }
    sizes = {
        name: sum(p.numel() for p in model.parameters())
        for name, model in models.items()
        if type(model) is wanted
    }
    return min(sizes, key=lambda name: (sizes[name], name), default=architecture)
