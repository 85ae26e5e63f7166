"""From what a person types to a model type, by the registry's files alone.

In this order: a model type, whatever its separators (hf_ package names too); a local folder's
config.json; a checkpoint id that the registry knows, with or without its organisation; the hub,
where it is reachable; the longest model type contained in the name, as transformers did for
checkpoints whose configuration states none.
"""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

from .store.model_types import model_types
from .store.paths import CHECKPOINTS

HUB_SECONDS = 5.0


class UnknownModelError(LookupError):
    """A name that leads to no model type; `near` are the model types that it resembles."""

    def __init__(self, name: str, near: list[str], reason: str = "") -> None:
        hint = f"; near matches: {', '.join(near)}" if near else ""
        super().__init__(
            f"{name!r} is no model type and no known checkpoint{reason and f' ({reason})'}{hint}"
        )
        self.name, self.near = name, near


@cache
def _checkpoints() -> dict[str, str]:
    known: dict[str, str] = json.loads(CHECKPOINTS.read_text(encoding="utf-8"))
    return known


@cache
def _unique(names: tuple[str, ...], short: Callable[[str], str]) -> dict[str, str]:
    """Short form -> name, for the short forms that one name alone has."""
    forms: dict[str, set[str]] = {}
    for name in names:
        forms.setdefault(short(name), set()).add(name)
    return {form: next(iter(full)) for form, full in forms.items() if len(full) == 1}


def _repository(checkpoint: str) -> str:
    return checkpoint.rsplit("/", 1)[-1]


def _known(name: str) -> str | None:
    """What the registry's own names say: a model type or a checkpoint."""
    if name in model_types():
        return name
    by_letters = _unique(model_types(), _letters)
    for spelling in (name, name.removeprefix("hf_")):
        if _letters(spelling) in by_letters:
            return by_letters[_letters(spelling)]
    checkpoints = _checkpoints()
    return checkpoints.get(name) or checkpoints.get(
        _unique(tuple(checkpoints), _repository).get(name, "")
    )


def near_matches(name: str, count: int = 5) -> list[str]:
    """Model types that a misspelt one may have meant, the nearest first."""
    wanted = _letters(name)
    by_letters = {_letters(model_type): model_type for model_type in reversed(model_types())}
    close = difflib.get_close_matches(wanted, by_letters, n=count, cutoff=0.6)
    return [by_letters[letters] for letters in close]


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _from_folder(folder: Path) -> str:
    """The model type that a checkpoint folder's config.json states."""
    config = folder / "config.json"
    if not config.is_file():
        raise UnknownModelError(str(folder), [], "the folder has no config.json")
    try:
        stated = json.loads(config.read_text(encoding="utf-8")).get("model_type")
    except (json.JSONDecodeError, AttributeError, UnicodeDecodeError) as error:
        raise UnknownModelError(str(folder), [], f"{config} is no JSON object: {error}") from error
    if stated not in model_types():
        reason = (
            f"its config.json states {stated!r}"
            if stated
            else "its config.json states no model_type"
        )
        raise UnknownModelError(str(folder), near_matches(stated) if stated else [], reason)
    return str(stated)


def _from_hub(checkpoint: str, seconds: float) -> str | None:
    """The model type that the hub's config.json states; None where the hub does not say."""
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}:
        return None
    try:
        from huggingface_hub import hf_hub_download
    except ImportError:
        return None
    try:
        path = hf_hub_download(checkpoint, "config.json", etag_timeout=seconds)
        stated = json.loads(Path(path).read_text(encoding="utf-8")).get("model_type")
    except Exception:  # no network, no such repository, no permission: the name itself decides
        return None
    return stated if stated in model_types() else None


def _contained(name: str) -> str | None:
    """The longest model type that the name holds, or else its organisation's name."""
    for part in (_repository(name).lower(), name.lower()):
        longest = max((key for key in model_types() if key in part), key=len, default=None)
        if longest:
            return longest
    return None


def resolve_model(name: str, *, hub: bool = True, hub_seconds: float = HUB_SECONDS) -> str:
    """The model type that a model type, a folder or a checkpoint id stands for.

    Raises:
        UnknownModelError: nothing leads to a model type; it names near matches.
    """
    name = name.strip()
    folder = Path(name).expanduser()
    if (
        name not in model_types()
        and name
        and folder.is_dir()
        and (folder / "config.json").is_file()
    ):
        return _from_folder(folder)
    model_type = _known(name)
    if model_type is None and name and folder.is_dir():
        return _from_folder(folder)
    if model_type is None and hub and re.fullmatch(r"[\w.\-]+(/[\w.\-]+)?", name):
        model_type = _from_hub(name, hub_seconds)
    model_type = model_type or _contained(name)
    if model_type is None:
        raise UnknownModelError(name, near_matches(_repository(name)))
    return model_type
