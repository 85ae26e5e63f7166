# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""The options of a skillset's `metadata`; its other keys belong to the worker."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from .hub import HUB_OPTIONS

OPTIONS = (
    *HUB_OPTIONS,
    "attn_implementation",
    "compile",
    "device_map",
    "dtype",
    "export_dir",
    "fallback",
    "precision",
    "task",
)
OTHER_NAMES = {"torch_dtype": "dtype", "use_auth_token": "token"}
"""Former names in transformers."""
SIMILAR = 0.76
"""Similarity from which a key counts as a misspelt option."""


def checked(metadata: Mapping[str, Any] | None) -> dict[str, Any]:
    """A checked copy of a skillset's metadata.

    Workers pass one dict to many skillsets, so keys that resemble no option are accepted.

    Raises:
        TypeError: it is not a mapping, or its `fallback` is not a list.
        ValueError: a key is a misspelt option.
    """
    if metadata is not None and not isinstance(metadata, Mapping):
        raise TypeError(
            'expected metadata as a dict of options, such as {"dtype": "auto"};'
            f" got {type(metadata).__name__}"
        )
    given = dict(metadata or {})
    for key in given:
        if near := near_options(key):
            raise ValueError(f"metadata has no option {key!r}; similar ones: {', '.join(near)}")
    fallback = given.get("fallback", ())
    if not isinstance(fallback, (list, tuple)):
        raise TypeError(
            f'expected metadata["fallback"] as a list of platforms; got {fallback!r:.80}'
        )
    return given


def near_options(key: Any) -> list[str]:
    """The options similar to a key; empty if it is an option or resembles none."""
    if key in OPTIONS or not isinstance(key, str):
        return []
    name = key.strip().lower().replace("-", "_")
    if name in OTHER_NAMES:
        return [OTHER_NAMES[name]]
    near = get_close_matches(name, OPTIONS, n=3, cutoff=SIMILAR)
    return [option for option in near if option[0] == name[0]]  # "version" does not mean "revision"
