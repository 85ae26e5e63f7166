# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""What a call of `generate` does where neither the caller nor the checkpoint says it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def with_defaults(
    options: Mapping[str, Any], defaults: Mapping[str, Any], checkpoint: Any
) -> dict[str, Any]:
    """Options of `generate`, with defaults for what neither they nor the checkpoint set.

    A length of the checkpoint, `max_length` too, goes before the default `max_new_tokens`, as in
    transformers' pipelines.

    Args:
        options: what the caller asked for.
        defaults: those of the task.
        checkpoint: the model's `generation_config`; None where it has none.
    """
    stated = {} if checkpoint is None else checkpoint.to_diff_dict()
    known = {**stated, **options}
    lengths = {"max_length", "max_new_tokens"} & set(known)
    added = {
        name: value
        for name, value in defaults.items()
        if name not in known and not (name == "max_new_tokens" and lengths)
    }
    return {**added, **options}
