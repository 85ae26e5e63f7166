# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Default options of `generate`, used if neither the caller nor the checkpoint sets them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def with_defaults(
    options: Mapping[str, Any], defaults: Mapping[str, Any], checkpoint: Any
) -> dict[str, Any]:
    """Options of `generate`, completed by defaults that the checkpoint does not set.

    A length set by the checkpoint (also `max_length`) overrides the default `max_new_tokens`, as in
    transformers' pipelines.

    Args:
        options: options set by the caller.
        defaults: those of the task.
        checkpoint: the model's `generation_config`; None if it has none.
    """
    stated = {} if checkpoint is None else checkpoint.to_diff_dict()
    settings = {**stated, **options}
    lengths = {"max_length", "max_new_tokens"} & set(settings)
    added = {
        name: value
        for name, value in defaults.items()
        if name not in settings and not (name == "max_new_tokens" and lengths)
    }
    return {**added, **options}
