# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""Where checkpoints come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HUB_OPTIONS = ("token", "revision", "cache_dir")
"""Options of `metadata` that say where a checkpoint comes from, as `from_pretrained` takes them:
the hub's access token, a branch, tag or commit, and the folder of downloaded files."""


def hub_options(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `metadata` that `from_pretrained` takes for every file of a checkpoint."""
    return {name: metadata[name] for name in HUB_OPTIONS if metadata.get(name) is not None}
