# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""What a call leaves in a model: nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

CHANGED = object()


@contextmanager
def as_it_was(model: Any) -> Iterator[None]:
    """Give a model's modules back the attributes, buffers and parts that a call replaces.

    Some remember the last call's positions, or go over to another attention for good once a
    short text came. What a module did not have before, and what is written into a tensor, stays.
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
    """Where modules keep attributes, buffers and parts; those of torch itself change none."""
    for part in model.modules():  # not kept in the model: exporters walk through its attributes
        if not is_of_torch(part):
            yield from (vars(part), part._buffers, part._modules)


def is_of_torch(module: Any) -> bool:
    """Whether a module's class is one of torch."""
    return type(module).__module__.startswith("torch.")
