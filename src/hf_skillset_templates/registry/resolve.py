"""Resolves user input to a model type; every resolution is reported.

In this order: the config.json of a folder; a model type or its package, ignoring case and
separators; a checkpoint of the registry, with or without its organisation; for names with an
organisation, the only model type in the repository's name, between separators. Everything except
folders is looked up in registry/names.json, which `copier copy` reads by the same rules
(macros/registry.jinja). The hub is asked only for the error message of an unknown name: resolutions
never depend on a network.
"""

from __future__ import annotations

import difflib
import json
import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from hf_skillset_templates.errors import UsageError

from .store.model_types import model_types
from .store.names import unified
from .store.paths import NAMES

HUB_SECONDS = 3.0
NAME = re.compile(r"[A-Za-z0-9_.-]+\Z")
CHECKPOINT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*/([A-Za-z0-9][A-Za-z0-9_.-]*)\Z")
HUB_ID = re.compile(r"(?:\w[\w.-]*/)?\w[\w.-]{0,95}\Z", re.ASCII)
LONGEST_QUOTE = 80
NEAR = 0.6
"""Least ratio of difflib for a model type to be suggested for a misspelt name."""


class UnknownModelError(UsageError, LookupError):
    """A name does not resolve to a model type; `near` are similar model types."""

    def __init__(self, name: str, near: list[str], reason: str = "") -> None:
        hint = f"; similar names: {', '.join(near)}" if near else ""
        quoted = repr(name if len(name) <= LONGEST_QUOTE else name[:LONGEST_QUOTE] + "…")
        super().__init__(
            f"{quoted} is neither a model type nor a known checkpoint"
            f"{reason and f' ({reason})'}{hint}"
        )
        self.name, self.near = name, near


@dataclass(frozen=True)
class Resolution:
    """The model type that a name resolves to, and how it was resolved."""

    name: str
    model_type: str
    source: str = ""
    """How the name was resolved; empty if it is the model type itself."""

    def __str__(self) -> str:
        return f"{self.name!r} resolves to {self.model_type} ({self.source})"


@cache
def _names() -> dict[str, dict[str, str]]:
    table: dict[str, dict[str, str]] = json.loads(NAMES.read_text(encoding="utf-8"))
    return table


def look_up(name: str) -> Resolution | None:
    """The model type of a name in the registry's data; None if unknown or ambiguous."""
    if name in model_types():
        return Resolution(name, name)
    if NAME.match(name) and (model_type := _names()["spellings"].get(unified(name))):
        return Resolution(name, model_type, "another spelling")
    if model_type := _names()["checkpoints"].get(name):
        return Resolution(name, model_type, "a known checkpoint")
    if (checkpoint := CHECKPOINT.match(name)) and (held := contained(checkpoint[1])):
        return Resolution(name, held, "by the repository's name")
    return None


def contained(repository: str) -> str | None:
    """The only model type in a repository's name, between separators.

    Of types that contain each other, the longest counts (`wav2vec2-bert`, not `wav2vec2`); if
    there are several separate ones, none does: `vit-gpt2` is a third model.
    """
    words = f"-{unified(repository)}-"
    held = [name for name in model_types() if f"-{unified(name)}-" in words]
    longest = [
        name
        for name in held
        if not any(f"-{unified(name)}-" in f"-{unified(other)}-" for other in held if other != name)
    ]
    return longest[0] if len(longest) == 1 else None


def similar_names(name: str, count: int = 5) -> list[str]:
    """Model types similar to a misspelt name, the most similar first; case-insensitive."""
    wanted = unified(name[:LONGEST_QUOTE]).replace("-", "")
    by_letters = {unified(known).replace("-", ""): known for known in reversed(model_types())}
    close = difflib.get_close_matches(wanted, by_letters, n=count, cutoff=NEAR)
    return [by_letters[letters] for letters in close]


def _from_folder(name: str, folder: Path) -> Resolution:
    """The model type that a checkpoint folder's config.json states."""
    config = folder / "config.json"
    if not config.is_file():
        raise UnknownModelError(name, [], "the folder has no config.json")
    try:
        stated = json.loads(config.read_text(encoding="utf-8")).get("model_type")
    except (ValueError, AttributeError, RecursionError, OSError) as error:
        reason = f"{config} cannot be read as a JSON object: {type(error).__name__}"
        raise UnknownModelError(name, [], reason) from error
    if not isinstance(stated, str) or stated not in model_types():
        near = similar_names(stated) if isinstance(stated, str) else []
        raise UnknownModelError(name, near, f"its config.json states {_stated(stated)}")
    return Resolution(name, stated, "its config.json")


def _stated(value: Any) -> str:
    if value is None:
        return "no model_type"
    return f"the model_type {str(value)[:LONGEST_QUOTE]!r}"


def _folder(name: str) -> Path | None:
    """The folder of that name; None if there is none, or the name is invalid."""
    try:
        path = Path(name).expanduser()
        return path if name and path.is_dir() else None
    except (OSError, RuntimeError, ValueError):
        return None


class Hub:
    """Queries the hub for the type of a checkpoint: once per name, and not after a failure."""

    def __init__(self, seconds: float = HUB_SECONDS) -> None:
        self.seconds = seconds
        offline = os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}
        self.reachable = not offline

    def model_type(self, checkpoint: str) -> str | None:
        """The model type of a checkpoint's configuration; None if the hub does not know it."""
        if not self.reachable or not HUB_ID.match(checkpoint):
            return None
        try:
            from huggingface_hub import HfApi
            from huggingface_hub.errors import HfHubHTTPError, HFValidationError
        except ImportError:
            self.reachable = False
            return None
        try:
            info = HfApi().model_info(checkpoint, timeout=self.seconds, expand=["config"])
            stated = (info.config or {}).get("model_type")
        except (HfHubHTTPError, HFValidationError):  # no such repository, or no permission
            return None
        except Exception:  # no network; many types of exceptions
            self.reachable = False
            return None
        return stated if stated in model_types() else None


_hub: list[Hub] = []


def hub() -> Hub:
    """The hub of this process, created on first use."""
    if not _hub:
        _hub.append(Hub())
    return _hub[0]


def resolve(name: str, *, ask_hub: bool = True) -> Resolution:
    """The model type of a name, a folder or a checkpoint id, and how it was resolved.

    Raises:
        UnknownModelError: it does not resolve to a model type; similar names are listed.
    """
    name = name.strip()
    folder = None if name in model_types() else _folder(name)
    if folder is not None and (folder / "config.json").is_file():
        return _from_folder(name, folder)
    if model_type := look_up(name):
        return model_type
    if folder is not None:
        return _from_folder(name, folder)
    if ask_hub and (stated := hub().model_type(name)):
        raise UnknownModelError(name, [], f"the hub lists it as {stated}: use that name")
    raise UnknownModelError(name, similar_names(name.rpartition("/")[2]))


def resolve_model(name: str, *, hub: bool = True) -> str:
    """The model type that a name resolves to; see `resolve`."""
    return resolve(name, ask_hub=hub).model_type
