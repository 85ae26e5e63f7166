# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Loading of images, videos and audio for multimodal models, by a module per modality.

The module of a modality is imported for the first input of that modality: a package contains
the modules, and requires the libraries, only of the modalities that its model accepts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

MODULES = {"image": "images", "video": "videos", "audio": "audio"}
"""Modality -> the module of this package that loads it (`load`) and adds it to a chat."""
KEYS = {"images": "image", "videos": "video", "audio": "audio"}
"""Key of an input (also an argument of processors) -> modality."""


def media_module(kind: str) -> ModuleType:
    """The module that loads media of a modality."""
    return import_module(f".{MODULES[kind]}", __package__)


def load(kind: str, value: Any, processor: Any) -> Any:
    """A medium in the form that the processor accepts.

    Raises:
        TypeError, ValueError: `value` is not a medium of this modality.
    """
    return media_module(kind).load(value, processor)


def load_all(media: Mapping[str, list[Any]], processor: Any) -> dict[str, list[Any]]:
    """The loaded media of an input, by key."""
    return {
        key: [load(KEYS[key], one, processor) for one in values] for key, values in media.items()
    }


def chat_part(kind: str, value: Any, processor: Any) -> dict[str, Any]:
    """A medium that is not yet loaded, as a content part of a chat message."""
    module = media_module(kind)
    part: dict[str, Any] = module.chat_part(module.load(value, processor), processor)
    return part


def keys_of(kinds: Collection[str]) -> list[str]:
    """The keys of an input for media of these modalities."""
    return [key for key, kind in KEYS.items() if kind in kinds]


def check_kind(kind: str, kinds: Collection[str]) -> None:
    """Raise ValueError if the model does not accept media of this modality."""
    if kind not in kinds:
        raise ValueError(f"this model accepts {', '.join(sorted(kinds))}; not {kind}")
