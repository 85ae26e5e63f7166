# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""Images, videos and audio as a multimodal model takes them, each loaded by a module of its kind.

The module of a kind is imported when an input of that kind comes: a package holds the modules,
and requires the libraries, of the kinds that its model takes, and of no others.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

MODULES = {"image": "images", "video": "videos", "audio": "audio"}
"""By kind the module of this package that loads it (`load`) and puts it into a chat."""
KEYS = {"images": "image", "videos": "video", "audio": "audio"}
"""By the key of an input, which is also an argument of processors, the kind of media there."""


def media_module(kind: str) -> ModuleType:
    """The module that loads media of a kind."""
    return import_module(f".{MODULES[kind]}", __package__)


def load(kind: str, value: Any, processor: Any) -> Any:
    """A medium of a kind as the processor takes it.

    Raises:
        TypeError, ValueError: `value` is no such medium.
    """
    return media_module(kind).load(value, processor)


def load_all(media: Mapping[str, list[Any]], processor: Any) -> dict[str, list[Any]]:
    """The media of an input by key, loaded."""
    return {
        key: [load(KEYS[key], one, processor) for one in values] for key, values in media.items()
    }


def chat_part(kind: str, value: Any, processor: Any) -> dict[str, Any]:
    """A medium, not loaded yet, as a part of a chat's message that the processor understands."""
    module = media_module(kind)
    part: dict[str, Any] = module.chat_part(module.load(value, processor), processor)
    return part


def keys_of(kinds: Collection[str]) -> list[str]:
    """The keys under which an input may hold media, where the model takes these kinds."""
    return [key for key, kind in KEYS.items() if kind in kinds]


def check_kind(kind: str, kinds: Collection[str]) -> None:
    """Raise ValueError where the model takes no media of this kind."""
    if kind not in kinds:
        raise ValueError(f"this model takes {', '.join(sorted(kinds))}; not {kind}")
