"""The hand-written facts of `registry/overrides/<model_type>.yml`, section `config`.

config:
  why: one sentence on what the search cannot find out by itself
  default:              # values without which the class's default does not build
    text_config.hidden_size: 64
  set:                  # tiny values that are not found by name or by scaling
    vision_config.window_size: 4
  inputs:               # dummy inputs: shape of a float tensor, or a literal list
    action_embeds: {shape: [1, 4, 64]}
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[3] / "registry" / "overrides"
FIELDS = {"why", "default", "set", "inputs", "layers"}


@cache
def override(model_type: str) -> dict[str, Any]:
    """The `config` section for a model type; empty where no file is needed."""
    import yaml

    path = FOLDER / f"{model_type}.yml"
    if not path.exists():
        return {}
    section = (yaml.safe_load(path.read_text()) or {}).get("config") or {}
    unknown = set(section) - FIELDS
    if unknown:
        raise ValueError(f"{path.name}: unknown field {', '.join(sorted(unknown))}")
    if section and not section.get("why"):
        raise ValueError(f"{path.name}: section config needs a why")
    return section
