"""Checkpoint ids in transformers' sources, and the model types that they belong to.

Sources, the most reliable first: `@auto_docstring(checkpoint="…")` and
`[id](https://huggingface.co/id)` of the model type's configuration class or its base class in the
same folder, then `Class.from_pretrained("…")` in the docstrings of the folder's own classes.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from functools import cache

from hf_skillset_templates.registry.store.overrides import fact_overrides

from .composition import part_of
from .source_files import class_files, class_node, text
from .universe import Universe

_LINK = re.compile(r"\[([\w.\-/]+)\]\(https://huggingface\.co/\1/?\)")
_LOADED = re.compile(r"(\w+)\.from_pretrained\(\s*[\"'](\w[\w.\-]*/[\w.\-]+)[\"']")
_ID = re.compile(r"^[\w.\-]+(/[\w.\-]+)?$")
_MADE_UP = re.compile(
    r"^meta-(?!llama/|models/)\w+/\w+-2-7b-hf$"
)  # written by transformers' model generator


def decorator_argument(node: ast.ClassDef, argument: str) -> str | None:
    """A text argument of a class's `@auto_docstring(...)`."""
    for decorator in node.decorator_list:
        if (
            isinstance(decorator, ast.Call)
            and getattr(decorator.func, "id", "") == "auto_docstring"
        ):
            for keyword in decorator.keywords:
                if keyword.arg == argument and isinstance(keyword.value, ast.Constant):
                    return str(keyword.value.value).strip() or None
    return None


@cache
def config_checkpoint(config_class: str) -> str | None:
    """The checkpoint whose configuration equals the defaults of a configuration class."""
    node = class_node(config_class)
    if node is None:
        return None
    stated = decorator_argument(node, "checkpoint")
    linked = _LINK.findall(ast.get_docstring(node) or "")
    checkpoint = stated or (linked[0] if linked else None)
    if checkpoint is None:
        return next(filter(None, map(config_checkpoint, _bases_beside(config_class, node))), None)
    return checkpoint if _ID.match(checkpoint) else None


def _bases_beside(config_class: str, node: ast.ClassDef) -> list[str]:
    """The base classes of a configuration class that its own model folder defines."""
    files, names = class_files(), (getattr(base, "id", "") for base in node.bases)
    folder = files[config_class].parent
    return [name for name in names if name in files and files[name].parent == folder]


@cache
def _loaded_by_folder() -> dict[str, dict[str, int]]:
    """Model folder -> how often its own classes load which checkpoint in its docstrings."""
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for path in sorted(set(class_files().values())):
        for name, checkpoint in _LOADED.findall(text(path)):
            owner = class_files().get(name)
            own = owner is not None and owner.parent == path.parent
            if own and not _MADE_UP.match(checkpoint):
                counts[path.parent.name][checkpoint] += 1
    return counts


@cache
def _folder(model_type: str, universe: Universe) -> str | None:
    path = class_files().get(universe.config_classes[model_type])
    return path.parent.name if path else None


@cache
def _roots(universe: Universe) -> dict[str, list[str]]:
    """Model folder -> its model types that are not parts of another one of the folder."""
    roots: dict[str, list[str]] = defaultdict(list)
    for model_type in universe.model_types:
        folder = _folder(model_type, universe)
        if folder and not any(_folder(whole, universe) == folder for whole in part_of(model_type)):
            roots[folder].append(model_type)
    return roots


@cache
def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.rsplit("/", 1)[-1].lower())


def _names_it(checkpoint: str, model_type: str, universe: Universe) -> bool:
    """Whether a checkpoint's name contains the model type's name or its folder's."""
    folder = _folder(model_type, universe)
    return any(_letters(name) in _letters(checkpoint) for name in (model_type, folder) if name)


def _copied(checkpoint: str, model_type: str, universe: Universe) -> bool:
    """Whether a stated checkpoint is another family's, left by copying a configuration file.

    It is where a model type of another folder states the same one and the checkpoint has that
    one's name and not this one's (got_ocr2 states sam's facebook/sam-vit-huge).
    """
    if _names_it(checkpoint, model_type, universe):
        return False
    folder = _folder(model_type, universe)
    others = [name for name in _stated(universe)[checkpoint] if _folder(name, universe) != folder]
    return any(_names_it(checkpoint, other, universe) for other in others)


@cache
def _stated(universe: Universe) -> dict[str, list[str]]:
    """Checkpoint -> model types whose configuration class states it."""
    stated: dict[str, list[str]] = defaultdict(list)
    for model_type, config_class in universe.config_classes.items():
        checkpoint = config_checkpoint(config_class)
        if checkpoint:
            stated[checkpoint].append(model_type)
    return stated


@cache
def stated_checkpoint(model_type: str, universe: Universe) -> str | None:
    """The checkpoint that the model type's own configuration class states."""
    stated = config_checkpoint(universe.config_classes[model_type])
    return None if stated is None or _copied(stated, model_type, universe) else stated


def default_checkpoint(model_type: str, universe: Universe) -> str | None:
    """The checkpoint of a model type in transformers' sources; None if there is none."""
    stated = stated_checkpoint(model_type, universe)
    folder = _folder(model_type, universe)
    if stated or folder is None or model_type not in _roots(universe).get(folder, []):
        return stated
    loaded = _loaded_by_folder().get(folder, {})
    named = [name for name in loaded if _names_it(name, model_type, universe)]
    alone = _roots(universe)[folder] == [model_type] and not config_checkpoint(
        universe.config_classes[model_type]
    )
    candidates = named or (list(loaded) if alone else [])
    return min(candidates, key=lambda name: (-loaded[name], name)) if candidates else None


def known_checkpoints(universe: Universe) -> dict[str, str]:
    """Checkpoint id -> model type, for every id that belongs to one model type alone."""
    stated, loaded = defaultdict(set), defaultdict(set)
    for model_type in universe.model_types:
        facts = fact_overrides(model_type)
        checkpoint = facts.get("default_checkpoint", stated_checkpoint(model_type, universe))
        if checkpoint:
            stated[checkpoint].add(model_type)
    for folder, roots in _roots(universe).items():
        for checkpoint in _loaded_by_folder().get(folder, {}):
            loaded[checkpoint].update(roots)
    owners: dict[str, str] = {}
    for checkpoint in sorted({*stated, *loaded}):
        claims = (stated.get(checkpoint, set()), loaded.get(checkpoint, set()))
        owner = next(
            (claimed for claim in claims if (claimed := _owner(claim, checkpoint, universe))), None
        )
        if owner:
            owners[checkpoint] = owner
    return owners


def _owner(claimants: set[str], checkpoint: str, universe: Universe) -> str | None:
    """The claimant that the others are parts of, or the one whose name the checkpoint has."""
    wholes = [name for name in claimants if not part_of(name) & claimants]
    first = min(wholes, key=len, default="")
    if first and all(name == first or name.startswith(f"{first}_") for name in wholes):
        return first
    named = [name for name in wholes if _names_it(checkpoint, name, universe)]
    return named[0] if len(named) == 1 else None
