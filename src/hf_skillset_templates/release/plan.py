"""The changes of a transformers release by model type, and the resulting steps."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

Entry = dict[str, Any]
Sources = dict[str, dict[str, str]]
"""Model type -> the digests `models` and `shared` of registry/sources.json."""

KINDS = ("new", "changed", "shared", "unchanged", "gone")
MEASURED = ("new", "changed", "shared")
"""Kinds whose cells are measured again."""


@dataclass(frozen=True)
class Plan:
    """The model types by type of change; each is in exactly one sorted list."""

    new: list[str]
    changed: list[str]
    """The source of their folder, or of a model folder that it imports, changed, or a fact did."""
    shared: list[str]
    """Only the source of modules that they share with others changed."""
    unchanged: list[str]
    gone: list[str]

    def of(self, kinds: tuple[str, ...]) -> list[str]:
        """The model types of these kinds, sorted."""
        return sorted(name for kind in kinds for name in getattr(self, kind))

    def only(self, names: set[str]) -> Plan:
        """The same plan for some of the model types."""
        return Plan(**{kind: [n for n in getattr(self, kind) if n in names] for kind in KINDS})

    def as_dict(self) -> dict[str, list[str]]:
        return asdict(self)


def plan(before: Sources, after: Sources, facts: dict[str, Any]) -> Plan:
    """Compare the digests of two releases.

    Args:
        before: of the release that the registry was measured with; a model type that it lacks
            and `after` has is new.
        after: of the release to follow.
        facts: the model types whose facts differ.
    """
    kinds: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for name in sorted({*before, *after}):
        kinds[kind_of(before.get(name), after.get(name), name in facts)].append(name)
    return Plan(**kinds)


def kind_of(before: dict[str, str] | None, after: dict[str, str] | None, other_facts: bool) -> str:
    """The kind of change of one model type; a digest is None if a release does not have it."""
    if before is None:
        return "new"
    if after is None:
        return "gone"
    if other_facts or before["models"] != after["models"]:
        return "changed"
    return "unchanged" if before["shared"] == after["shared"] else "shared"


def changed_facts(before: Entry, after: Entry, measured: set[str]) -> dict[str, Any]:
    """The facts that differ: dotted path -> [before, after], None if absent.

    The release and the lower bound of transformers, which always change, are omitted.
    """
    old, new = (flat(without_version(entry, measured)) for entry in (before, after))
    return {
        path: [old.get(path), new.get(path)]
        for path in sorted({*old, *new})
        if old.get(path) != new.get(path)
    }


def without_version(entry: Entry, measured: set[str]) -> Entry:
    """The facts of an entry without the release that they were read from."""
    facts = {key: value for key, value in entry.items() if key not in measured}
    facts.pop("transformers_version", None)
    needs = dict(facts.get("dependencies", {}))
    needs["pip"] = [each for each in needs.get("pip", []) if not each.startswith("transformers>=")]
    return {**facts, "dependencies": needs}


def flat(value: Any, path: str = "") -> dict[str, Any]:
    """Nested dictionaries as one, by dotted path."""
    if not isinstance(value, dict) or not value:
        return {path: value}
    parts = (flat(item, f"{path}.{key}" if path else key) for key, item in value.items())
    return {key: item for part in parts for key, item in part.items()}
