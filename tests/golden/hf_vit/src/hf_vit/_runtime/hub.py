# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Where checkpoints come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HUB_OPTIONS = ("token", "revision", "cache_dir")
"""Options of `metadata` that are passed to `from_pretrained`: the hub's access token, a revision
(branch, tag or commit), and the cache folder."""


def hub_options(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The options of `metadata` that `from_pretrained` accepts for every file of a checkpoint."""
    return {name: metadata[name] for name in HUB_OPTIONS if metadata.get(name) is not None}
