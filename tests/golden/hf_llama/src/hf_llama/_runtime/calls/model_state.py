# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Restores the state of a model after a call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

CHANGED = object()


@contextmanager
def as_it_was(model: Any) -> Iterator[None]:
    """Restore the attributes, buffers and submodules of a model that a call replaces.

    Some models store the last call's positions, or switch to another attention permanently after
    a short text. New attributes, and values written into a tensor in place, are not restored.
    """
    before = [(place, list(place.items())) for place in places_of(model)]
    try:
        yield
    finally:
        for place, items in before:
            for name, value in items:
                if place.get(name, CHANGED) is not value:
                    place[name] = value


def places_of(model: Any) -> Iterator[dict[str, Any]]:
    """The dicts of attributes, buffers and submodules; torch's own modules do not change theirs."""
    for part in model.modules():  # not stored in the model: exporters traverse its attributes
        if not is_of_torch(part):
            yield from (vars(part), part._buffers, part._modules)


def is_of_torch(module: Any) -> bool:
    """Whether a module's class is defined in torch."""
    return type(module).__module__.startswith("torch.")
